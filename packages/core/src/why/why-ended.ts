/** How a run ended, and what made it slow: the biggest part of its timeline, and the setting that would have saved it. */
import { type Mark, type TimelinePart, timelineOf } from '../marks.ts'
import { sayDuration } from '../rules/stop-message.ts'
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

function saySlowest({ run }: WhyRunFacts): string[] {
  const last = Object.keys(run.marks)
    .map(Number)
    .sort((a, b) => a - b)
    .at(-1)
  const marks = last === undefined ? undefined : run.marks[String(last)]
  const parts = marks ? timelineOf(marks) : []
  const total = parts.at(-1)?.at_ms ?? 0
  if (total === 0) return sayRetryPause(run)
  const own = parts.filter(({ mark }) => PARTS[mark] === null).reduce((sum, { took_ms }) => sum + took_ms, 0)
  const slowest = parts.reduce<TimelinePart | undefined>(
    (most, part) => (PARTS[part.mark] !== null && part.took_ms > (most?.took_ms ?? 0) ? part : most),
    undefined,
  )
  const advice = slowest ? PARTS[slowest.mark] : null
  const attempt = run.runCount > 1 ? `Attempt ${last}` : 'It'
  const took = `${attempt} took ${ms(total)}`
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
