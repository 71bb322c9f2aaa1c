/** What a scheduled run waits for. */
import { sayDuration } from '../rules/stop-message.ts'
import { MICROS_PER_MS, type Micros, toIso } from '../time.ts'
import type { WhyDeployment, WhyReason, WhyRun, WhyRunFacts } from './facts.ts'

const quoted = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** What `pilot serve` can load: not what other programs say of their code, such as `flows.py:answer`. */
const SERVABLE = /\.[cm]?[jt]sx?(:|$)/

/**
 * The command that serves this deployment, such as `pilot serve chatbot.ts:chatbot --name chatbot --on chat.message`.
 * Null where no file is known: a program serves it.
 */
export function serveCommand(
  { entrypoint, name }: { readonly entrypoint: string | null; readonly name: string },
  on: readonly string[],
  options = '',
): string | null {
  if (entrypoint === null || !SERVABLE.test(entrypoint)) return null
  const events = on.map((event) => ` --on ${quoted(event)}`).join('')
  return `pilot serve ${quoted(entrypoint)} --name ${quoted(name)}${events}${options}`
}

/** For one that a program serves, in words. */
function sayProgram({ program, entrypoint }: WhyDeployment): string {
  const known = entrypoint ?? program
  return `the program that serves it${known === null ? '' : ` (${known})`}`
}

/** `2026-11-24 11:40:03 UTC`. */
export const sayMoment = (at: Micros): string => `${toIso(at).slice(0, 19).replace('T', ' ')} UTC`

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`

interface Said {
  readonly reason: WhyReason
  readonly sentence: string
  readonly command?: string | null
}

export function whyWaiting(facts: WhyRunFacts): WhyRun {
  const { run, now } = facts
  const dueAt = run.state.scheduledAt ?? run.state.at
  if (dueAt > now) return whyDueLater(facts, dueAt)
  const { reason, sentence, command = null } = facts.deployment ? whyNotTaken(facts, facts.deployment) : NO_DEPLOYMENT
  const waited = `It has waited for ${sayDuration((now - dueAt) / MICROS_PER_MS)}`
  return { reason, summary: `${waited}: ${sentence}${sayAhead(facts)}.`, since: dueAt, until: null, command }
}

const NO_DEPLOYMENT: Said = { reason: 'no_deployment', sentence: 'it has no deployment, so whoever created it has to start it' }

const sayAhead = ({ ahead }: WhyRunFacts): string => (ahead === 0 ? '' : `; ${count(ahead, 'run')} of it came before this one`)

function whyDueLater({ run, now }: WhyRunFacts, dueAt: Micros): WhyRun {
  const when = `in ${sayDuration((dueAt - now) / MICROS_PER_MS)}, at ${sayMoment(dueAt)}`
  const retry = run.state.name === 'AwaitingRetry'
  const because = run.state.message === null ? '' : `: ${run.state.message.replace(/\.$/, '')}`
  const summary = retry
    ? `Attempt ${Math.max(run.runCount, 1)} did not succeed${because}. The next one starts ${when}; no process waits for it.`
    : `It is to start ${when}; no process waits for it.`
  return { reason: retry ? 'retry_later' : 'due_later', summary, since: run.state.at, until: dueAt, command: null }
}

/** It is due: why nobody has taken it. */
function whyNotTaken(facts: WhyRunFacts, deployment: WhyDeployment): Said {
  const { executors, pool } = facts
  const name = `${deployment.flowName}/${deployment.name}`
  if (facts.runnerPolledAt !== null && executors.current === 0) return byRunner(facts, facts.runnerPolledAt, name)
  if (deployment.paused) return paused(name)
  if (executors.places > executors.taken)
    return { reason: 'starts_now', sentence: `a place of ${name} is free, and it starts now` }
  if (pool) return whyPool(facts, deployment, name)
  if (executors.current > 0) return allBusy(facts, deployment, name)
  if (executors.away > 0) {
    const sentence = `${count(executors.away, 'executor')} of ${name} ${executors.away === 1 ? 'has lost its connection, and has' : 'have lost their connections, and have'} 6 s to come back`
    return { reason: 'executors_away', sentence }
  }
  const command = serveCommand(deployment, deployment.events)
  if (executors.older > 0) {
    const current = command === null ? `${sayProgram(deployment)} again` : 'the current one'
    const sentence = `only older code of ${name} is connected (${count(executors.older, 'executor')}), and it needs version ${(deployment.version ?? 'that is current').slice(0, 16)}; start ${current}`
    return { reason: 'older_code', sentence, command }
  }
  const one = command === null ? sayProgram(deployment) : 'one'
  return { reason: 'no_executor', sentence: `no executor of ${name} is connected; start ${one}`, command }
}

/** A runner that has been silent for longer is gone; Prefect's figure. */
const SILENT_MS = 60_000

/** Prefect's runners ask for runs; pausing a deployment stops its schedules alone for them. */
function byRunner({ now }: WhyRunFacts, polledAt: Micros, name: string): Said {
  const silentMs = (now - polledAt) / MICROS_PER_MS
  if (silentMs <= 0) return { reason: 'starts_now', sentence: `the runner of ${name} is told of it, and has to claim it` }
  const asked = `the runner of ${name} asked for runs ${sayDuration(silentMs)} ago`
  return silentMs > SILENT_MS
    ? { reason: 'runner_gone', sentence: `${asked}, and has not come back; start it again` }
    : { reason: 'runner_pauses', sentence: `${asked}, and asks again after its pause (PREFECT_RUNNER_POLL_FREQUENCY, 10 s)` }
}

const paused = (name: string): Said => ({
  reason: 'deployment_paused',
  sentence: `${name} is paused, and its runs start when it is resumed`,
  command: `pilot deployment resume ${quoted(name)}`,
})

function allBusy({ executors }: WhyRunFacts, deployment: WhyDeployment, name: string): Said {
  const { current, places, taken } = executors
  if (places === 0) return allLeave(current, deployment, name)
  const each = Math.max(1, Math.ceil(places / current))
  const command = serveCommand(deployment, deployment.events, ` --limit ${each * 2}`)
  const all = places === 1 ? `the only place of ${name} is taken` : `all ${places} places of ${name} are taken`
  const raise = command === null ? 'its limit' : '--limit'
  const sentence = `${all} (${taken} at work in ${count(current, 'executor')}); raise ${raise}, or start another executor`
  return { reason: 'all_busy', sentence, command }
}

/** They finish what they have: no limit of theirs would help. */
function allLeave(current: number, deployment: WhyDeployment, name: string): Said {
  const command = serveCommand(deployment, deployment.events)
  const takes = current === 1 ? 'takes' : 'take'
  const another = command === null ? sayProgram(deployment) : 'another one'
  const sentence = `the ${count(current, 'executor')} of ${name} ${takes} no more runs; start ${another}`
  return { reason: 'all_busy', sentence, command }
}

function whyPool({ pool, executors }: WhyRunFacts, deployment: WhyDeployment, name: string): Said {
  const { starting, ready, busy, failure } = pool ?? { starting: 0, ready: 0, busy: 0, failure: null }
  const serve = (options: string): string | null => serveCommand(deployment, deployment.events, ` --isolation fresh${options}`)
  if (failure !== null) {
    const sentence = `the processes of ${name} cannot start: ${failure.replace(/\.$/, '')}; mend that, and serve it again`
    return { reason: 'pool_failing', sentence, command: serve('') }
  }
  if (starting > 0) {
    const sentence = `${count(starting, 'process is', 'processes are')} starting for ${name} (${busy} at work)`
    return { reason: 'pool_starting', sentence }
  }
  // A host that has just come may not have said yet how they are.
  const processes = Math.max(busy + ready, executors.current)
  if (processes === 0) return { reason: 'pool_starting', sentence: `the host of ${name} has no process ready, and starts one` }
  const command = serve(` --warm 1..${Math.max(2, processes * 2)}`)
  const all = processes === 1 ? `the only process of ${name} is` : `all ${processes} processes of ${name} are`
  const sentence = `${all} at work; let the host keep more with ${command === null ? 'warm' : '--warm'}`
  return { reason: 'all_busy', sentence, command }
}
