/** How a run ended, and what made it slow: the biggest part of its timeline, and the setting that would have saved it. */
import { type Mark, type TimelinePart, timelineOf } from '../marks.ts'
import { sayDuration } from '../rules/stop-message.ts'
import type { FlowRun } from '../run.ts'
import { MICROS_PER_MS } from '../time.ts'
import type { WhyRun, WhyRunFacts } from './facts.ts'

/** What the time before each mark is spent on, and what makes it shorter. Null: it is the user's own code. */
const PARTS: Readonly<Record<Mark, { readonly what: string; readonly saves: string } | null>> = {
  received: null,
  matched: { what: 'comparing the event with the automations', saves: 'Narrower triggers' },
  committed: { what: 'waiting for the disk', saves: 'A faster disk under PILOTFLAME_HOME' },
  dispatched: { what: 'waiting for a free executor', saves: 'A free place (a higher --limit, or --warm for processes)' },
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

/** What the last attempt took, in milliseconds; null where it did not get so far that this is known. */
function spentOf({ marks, runCount, totalRunMicros }: FlowRun, attempt: number): Spent | null {
  const known = marks[String(attempt)]
  const parts = known ? timelineOf(known) : []
  const measured = parts.at(-1)?.at_ms ?? 0
  if (measured === 0) return null
  const own = parts.filter(({ mark }) => PARTS[mark] === null).reduce((sum, { took_ms }) => sum + took_ms, 0)
  if (known?.at.completed !== undefined) return { parts, total: measured, own }
  // Its executor did not live to report the end: the server knows how long it was Running.
  const ran = runCount === 1 ? Math.max(own, totalRunMicros / MICROS_PER_MS) : own
  return { parts, total: measured + ran - own, own: ran }
}

function saySlowest({ run }: WhyRunFacts): string[] {
  const attempt = Math.max(0, ...Object.keys(run.marks).map(Number))
  const spent = spentOf(run, attempt)
  if (spent === null) return sayRetryPause(run)
  const { parts, total, own } = spent
  const slowest = parts.reduce<TimelinePart | undefined>(
    (most, part) => (PARTS[part.mark] !== null && part.took_ms > (most?.took_ms ?? 0) ? part : most),
    undefined,
  )
  const advice = slowest ? PARTS[slowest.mark] : null
  const took = `${run.runCount > 1 ? `Attempt ${attempt}` : 'It'} took ${ms(total)}`
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
