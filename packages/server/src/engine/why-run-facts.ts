/** What is looked at to say why a run is where it is: the stored run, and who is connected. Decides nothing. */
import type { Deployment, FlowRun, LogWire, Micros, StateWire, WhyDeployment, WhyPool, WhyRunFacts } from '@pilotflame/core'
import { isTerminal, parseIso } from '@pilotflame/core'
import type { Registry } from '../executors/registry.ts'
import { freePlaces } from '../executors/session.ts'
import type { Store, Tx } from '../store/store.ts'
import type { EngineCore } from './engine-core.ts'

/** Of its last log line. */
const LINE_CHARS_MAX = 120

export async function whyRunFacts({ store, registry, clock }: EngineCore, runId: string): Promise<WhyRunFacts | undefined> {
  const found = await store.transaction(async (tx) => {
    const run = await tx.findRun(runId)
    return run && { run, deployment: await loadDeployment(tx, registry, run) }
  })
  if (!found) return undefined
  const { run, deployment } = found
  const now = clock.now()
  const id = run.deploymentId ?? ''
  return {
    run,
    now,
    deployment,
    executors: countExecutors(registry, id),
    pool: poolOf(registry, id),
    runnerPolledAt: registry.polledAt(id),
    ahead: registry.countBefore(run.id, id, now),
    holder: holderOf(registry, run),
    lastOutput: run.state.type === 'RUNNING' ? await lastOutput(store, registry, run) : null,
    states: isTerminal(run.state.type) ? await statesOf(store, run) : [],
  }
}

async function statesOf(store: Store, { id }: FlowRun): Promise<WhyRunFacts['states']> {
  const states = JSON.parse(await store.read.flowRunStates(id)) as readonly StateWire[]
  return states.map(({ type, name, timestamp, state_details: { scheduled_time: due } }) => ({
    type,
    name,
    at: parseIso(timestamp) ?? 0,
    scheduledAt: typeof due === 'string' ? (parseIso(due) ?? null) : null,
  }))
}

async function loadDeployment(tx: Tx, { programs }: Registry, { deploymentId }: FlowRun): Promise<WhyDeployment | null> {
  const deployment: Deployment | undefined = deploymentId === null ? undefined : await tx.findDeployment(deploymentId)
  if (!deployment) return null
  const automations = await tx.findAutomationsByOwner(`prefect.deployment.${deployment.id}`)
  const events = [...new Set(automations.flatMap(({ trigger }) => trigger.expect))]
  return { ...deployment, events, program: programs.get(deployment.id) ?? null }
}

function countExecutors(registry: Registry, deploymentId: string): WhyRunFacts['executors'] {
  const version = registry.currentVersion(deploymentId)
  const counted = { current: 0, places: 0, taken: 0, away: 0, older: 0 }
  for (const session of registry.sessions.values()) {
    const offered = session.role === 'host' ? undefined : session.offers.get(deploymentId)
    if (offered === undefined) continue
    if (session.peer === null) counted.away += offered === version ? 1 : 0
    else if (offered !== version) counted.older += 1
    else if (session.uses !== 0 || session.running.size > 0) {
      counted.current += 1
      counted.places += session.running.size + session.reserved + freePlaces(session)
      counted.taken += session.running.size + session.reserved
    }
  }
  return counted
}

function poolOf(registry: Registry, deploymentId: string): WhyPool | null {
  const version = registry.currentVersion(deploymentId)
  const all: WhyPool[] = []
  for (const { peer, offers, draining, pools } of registry.hosts) {
    if (peer === null || draining || offers.get(deploymentId) !== version) continue
    const { starting = 0, ready = 0, busy = 0, failure = null } = pools.get(deploymentId) ?? {}
    all.push({ starting, ready, busy, failure })
  }
  const sum = (part: 'starting' | 'ready' | 'busy'): number => all.reduce((total, one) => total + one[part], 0)
  const failure = all.find((one) => one.failure !== null)?.failure ?? null
  return all.length === 0 ? null : { starting: sum('starting'), ready: sum('ready'), busy: sum('busy'), failure }
}

function holderOf(registry: Registry, { sessionId }: FlowRun): WhyRunFacts['holder'] {
  const session = sessionId === null ? undefined : registry.sessions.get(sessionId)
  if (!session) return null
  const { pid, host, peer, hostSessionId } = session
  // People know a process by the file that its host serves.
  const { name } = registry.sessions.get(hostSessionId ?? '') ?? session
  return { name, pid, host, away: peer === null, ofHost: hostSessionId !== null }
}

/** When it streamed or logged last; after a restart of the server only its last log line is known. */
async function lastOutput(store: Store, registry: Registry, run: FlowRun): Promise<WhyRunFacts['lastOutput']> {
  const text = await store.read.logs({ flow_run_id: { any_: [run.id] } }, 'TIMESTAMP_DESC', { limit: 1, offset: 0 })
  const [last] = JSON.parse(text) as readonly LogWire[]
  const heardAt = registry.sessions.get(run.sessionId ?? '')?.outputAt.get(run.id)
  const loggedAt: Micros | undefined = last ? parseIso(last.timestamp) : undefined
  const at = heardAt ?? loggedAt
  return at === undefined ? null : { at, line: last ? oneLine(last.message) : null }
}

function oneLine(message: string): string {
  const [line = ''] = message.split('\n')
  return line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line
}
