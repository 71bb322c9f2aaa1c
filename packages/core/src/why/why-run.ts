/** Why a run is where it is: one sentence from the facts, and the command that mends it. Pure. */
import { sayDuration } from '../rules/stop-message.ts'
import { isTerminal } from '../states.ts'
import { MICROS_PER_MS, type Micros } from '../time.ts'
import type { WhyRun, WhyRunFacts } from './facts.ts'
import { whyEnded } from './why-ended.ts'
import { whyWaiting } from './why-waiting.ts'

export function whyRun(facts: WhyRunFacts): WhyRun {
  const { type } = facts.run.state
  if (isTerminal(type)) return whyEnded(facts)
  if (type === 'SCHEDULED') return whyWaiting(facts)
  const since = facts.run.state.at
  const plain = { since, until: null, command: null }
  if (type === 'PENDING') return { ...plain, reason: 'sent', summary: saySent(facts) }
  if (type === 'CANCELLING') return { ...plain, reason: 'cancelling', summary: sayCancelling(facts) }
  if (type === 'PAUSED') return { ...plain, reason: 'paused', summary: `It is paused since ${ago(facts, since)}.` }
  return { ...plain, reason: 'running', summary: sayRunning(facts) }
}

const ago = ({ now }: WhyRunFacts, at: Micros): string => `${sayDuration((now - at) / MICROS_PER_MS)} ago`

const AWAY = 'whose connection is closed; it has 6 s to come back'

function sayHolder({ holder }: WhyRunFacts): string {
  if (!holder) return "a worker that is not Pilotflame's"
  return `${holder.name} (pid ${holder.pid} on ${holder.host})${holder.away ? `, ${AWAY}` : ''}`
}

function saySent(facts: WhyRunFacts): string {
  const { state } = facts.run
  return `It was sent to ${sayHolder(facts)} ${ago(facts, state.at)}, which has not reported its start yet.`
}

function sayRunning(facts: WhyRunFacts): string {
  const { run, lastOutput } = facts
  const attempt = run.runCount > 1 ? ` in attempt ${run.runCount}` : ''
  const line = lastOutput?.line ? `: "${lastOutput.line}"` : ''
  const output = lastOutput ? `its last output came ${ago(facts, lastOutput.at)}${line}` : 'it has put out nothing yet'
  const since = sayDuration((facts.now - run.state.at) / MICROS_PER_MS)
  return `It has been running for ${since}${attempt} on ${sayHolder(facts)}; ${output}.`
}

function sayCancelling(facts: WhyRunFacts): string {
  const { holder, run } = facts
  const asked = `It was told to stop ${ago(facts, run.state.at)}`
  if (!holder) return `${asked}; whoever runs it has to say that its work is gone.`
  if (holder.away) {
    return `${asked}, but the connection of ${holder.name} (pid ${holder.pid} on ${holder.host}) is closed: it is told again when it comes back, and the run is Cancelled when it does not within 6 s.`
  }
  const rest = holder.ofHost
    ? 'its host sends SIGTERM and then SIGKILL when it does not end by itself'
    : 'it is Cancelled when its function ends: pass run.signal to whatever it waits for'
  return `${asked}, and is still at work on ${sayHolder(facts)}; ${rest}.`
}
