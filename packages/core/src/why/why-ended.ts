/** How a run ended, and what made it slow: the biggest part of its timeline, and the setting that would have saved it. */
import { type Mark, type TimelinePart, timelineOf } from '../marks.ts'
import { sayDuration } from '../rules/stop-message.ts'
import { MICROS_PER_MS } from '../time.ts'
import { attemptTimes } from './attempt-times.ts'
import type { WhyRun, WhyRunFacts } from './facts.ts'

/** What the time before each mark is spent on, and what makes it shorter. Null: it is the user's own code. */
const PARTS: Readonly<Record<Mark, { readonly what: string; readonly saves: string } | null>> = {
  received: null,
  matched: { what: 'comparing the event with the automations', saves: 'Narrower triggers' },
  committed: { what: 'waiting for the disk', saves: 'A faster disk under PILOTFLAME_HOME' },
  dispatched: {
    what: 'waiting for an executor that could take it',
    // Which of these it was is not recorded.
    saves:
      'An executor where none was connected, a higher --limit (or --warm for processes) where all were full, or resuming the deployment where it was paused',
  },
  executor_ready: { what: 'the way to an executor that was busy', saves: 'A process of its own (--isolation fresh)' },
  code_ready: { what: 'loading its code', saves: 'A process that has loaded it before (pilot serve, or --warm 1)' },
  first_line: { what: 'checking its parameters', saves: 'A smaller parameter schema' },
  first_output: null,
  last_output: null,
  completed: null,
}

export function whyEnded(facts: WhyRunFacts): WhyRun {
  const { state } = facts.run
  const message = state.message === null || state.type === 'COMPLETED' ? '' : `: ${state.message.split('\n')[0]}`
  const summary = [`It is ${state.name}${message}${/[.!?]$/.test(message) ? '' : '.'}`, ...saySlowest(facts)].join(' ')
  return { reason: 'ended', summary, since: state.at, until: null, command: null }
}

const ms = (value: number): string => (value < 10 ? `${Math.round(value * 10) / 10} ms` : sayDuration(value))

interface Spent {
  readonly parts: readonly TimelinePart[]
  readonly total: number
  /** Of that in the user's own code. */
  readonly own: number
}

const sum = (parts: readonly TimelinePart[]): number => parts.reduce((total, { took_ms }) => total + took_ms, 0)

/** What the last attempt took, in milliseconds; null where it did not get so far that this is known. */
function spentOf({ run, states }: WhyRunFacts): Spent | null {
  if (run.runCount === 0) return null
  const known = run.marks[String(run.runCount)]
  const { ranMicros, delayedMicros } = attemptTimes(states, run)
  const parts = known ? withoutDelay(timelineOf(known), delayedMicros / MICROS_PER_MS) : []
  const measured = sum(parts)
  const own = sum(parts.filter(({ mark }) => PARTS[mark] === null))
  if (known?.at.completed !== undefined) return { parts, total: measured, own }
  // Its executor did not live to report the end: the server knows how long it was at work.
  const ran = Math.max(own, (ranMicros ?? (run.runCount === 1 ? run.totalRunMicros : 0)) / MICROS_PER_MS)
  const total = measured + ran - own
  return total === 0 ? null : { parts, total, own: ran }
}

/** What it waited for its own moment was asked for: no setting makes it shorter. */
const withoutDelay = (parts: readonly TimelinePart[], delayMs: number): TimelinePart[] =>
  parts.map((part) => (part.mark === 'dispatched' ? { ...part, took_ms: Math.max(0, part.took_ms - delayMs) } : part))

function saySlowest(facts: WhyRunFacts): string[] {
  const { run } = facts
  const spent = spentOf(facts)
  if (spent === null) return sayRetryPause(run)
  const { parts, total, own } = spent
  const slowest = parts.reduce<TimelinePart | undefined>(
    (most, part) => (PARTS[part.mark] !== null && part.took_ms > (most?.took_ms ?? 0) ? part : most),
    undefined,
  )
  const advice = slowest ? PARTS[slowest.mark] : null
  const took = `${run.runCount > 1 ? `Attempt ${run.runCount}` : 'It'} took ${ms(total)}`
  if (!slowest || !advice) return [`${took}, all of it in your own code.`]
  const saved = `${advice.saves} would have saved up to ${ms(slowest.took_ms)}.`
  if (own >= slowest.took_ms) {
    return [`${took}, ${ms(own)} of it in your own code; most of the rest was ${advice.what} (${ms(slowest.took_ms)}). ${saved}`]
  }
  return [`${took}, most of it ${advice.what} (${ms(slowest.took_ms)}). ${saved}`]
}

/** Without marks there is at least how long it was there. */
const sayRetryPause = ({ createdAt, endAt }: WhyRunFacts['run']): string[] =>
  endAt === null ? [] : [`It was there for ${sayDuration((endAt - createdAt) / MICROS_PER_MS)}, and never reported a start.`]
