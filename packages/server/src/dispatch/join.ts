/** How an executor joins: what it offers becomes deployments, versions and automations; what it holds is compared. */
import {
  AppError,
  type Automation,
  type Deployment,
  type DeploymentOffer,
  type HelloFrame,
  type JsonObject,
  type OfferedTrigger,
  PAYLOAD_AS_PARAMETERS,
  parseTrigger,
} from '@pilotflame/core'
import { saveAutomation } from '../automations/service.ts'
import { saveOffer } from '../engine/deployments.ts'
import { runFrame } from '../engine/dispatch-run.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import type { Work } from '../engine/work.ts'
import type { Session } from '../executors/registry.ts'
import type { ChannelPeer } from '../ports.ts'
import type { Tx } from '../store/store.ts'

export interface Joined {
  readonly session: Session
  readonly resumed: boolean
  readonly deployments: readonly Deployment[]
}

export type DoWork = <T>(body: (work: Work) => Promise<T>) => Promise<T>

/** Registers the executor: its deployments, their versions and triggers, and its session, in one transaction. */
export async function join(core: EngineCore, work: DoWork, frame: HelloFrame, peer: ChannelPeer): Promise<Joined> {
  const { registry, random, clock } = core
  const known = frame.session_id === null ? undefined : registry.sessions.get(frame.session_id)
  const id = known?.id ?? random.uuid()
  const { deployments, changed, removed } = await work(async ({ tx }) => {
    const saved: Saved = { deployments: [], changed: [], removed: [] }
    for (const offer of frame.deployments) await saveOffered(core, tx, offer, saved)
    const { name, host, pid, boot_id: boot } = frame
    if (!known) tx.saveSession({ id, name, host, pid, boot, createdAt: clock.now() })
    return saved
  })
  for (const automation of changed) core.index.put(automation)
  for (const automationId of removed) core.index.remove(automationId)
  frame.deployments.forEach((offer, index) => {
    const deployment = deployments[index]
    if (deployment) registry.setCurrentVersion(deployment.id, offer.version)
  })
  // Compiled now and not at the first event.
  for (const deployment of deployments) core.schemas.faults(deployment, {})
  const offers = new Map(deployments.map((deployment, index) => [deployment.id, frame.deployments[index]?.version ?? '']))
  const session = openSession(core, { id, known, frame, offers, peer })
  registry.add(session)
  return { session, resumed: known !== undefined, deployments }
}

interface Saved {
  readonly deployments: Deployment[]
  readonly changed: Automation[]
  readonly removed: string[]
}

/** The deployment, and its automations as they are offered now: those of an earlier version of the code go. */
async function saveOffered(core: EngineCore, tx: Tx, offer: DeploymentOffer, saved: Saved): Promise<void> {
  const deployment = await saveOffer(tx, { random: core.random, now: core.clock.now() }, offer)
  saved.deployments.push(deployment)
  const offered = offer.triggers.map((trigger, index) => automationOf(core, deployment, trigger, index))
  const names = new Set(offered.map(({ name }) => name))
  for (const { id, name } of await tx.findAutomationsByOwner(`prefect.deployment.${deployment.id}`)) {
    if (names.has(name)) continue
    tx.deleteAutomation(id)
    saved.removed.push(id)
  }
  for (const automation of offered) saved.changed.push(await saveAutomation(tx, automation))
}

interface ToOpen {
  readonly id: string
  readonly known: Session | undefined
  readonly frame: HelloFrame
  readonly offers: ReadonlyMap<string, string>
  readonly peer: ChannelPeer
}

function openSession({ clock }: EngineCore, { id, known, frame, offers, peer }: ToOpen): Session {
  if (known) {
    known.peer?.close()
    Object.assign(known, { peer, offers, limit: frame.limit, draining: false, closedAt: null, beatAt: clock.monotonic() })
    return known
  }
  return {
    id,
    name: frame.name,
    host: frame.host,
    pid: frame.pid,
    boot: frame.boot_id,
    limit: frame.limit,
    offers,
    running: new Map(),
    reserved: 0,
    peer,
    draining: false,
    closedAt: null,
    beatAt: null,
  }
}

function automationOf(core: EngineCore, deployment: Deployment, offered: OfferedTrigger, index: number): Automation {
  const parsed = parseTrigger(offered.trigger, () => core.random.uuid())
  if (!parsed.ok) {
    const [fault] = parsed.faults
    throw new AppError(
      'invalid_request',
      `The trigger of ${deployment.name} cannot be used: ${fault?.loc.join('.')}: ${fault?.msg}`,
      {
        faults: parsed.faults,
      },
    )
  }
  const now = core.clock.now()
  const parameters: JsonObject = offered.parameters ?? PAYLOAD_AS_PARAMETERS
  return {
    id: core.random.uuid(),
    name: offered.name ?? (index === 0 ? deployment.name : `${deployment.name}-${index + 1}`),
    description: `Starts ${deployment.flowName}/${deployment.name}`,
    enabled: true,
    tags: [],
    trigger: parsed.trigger,
    actions: [
      {
        type: 'run-deployment',
        source: 'selected',
        deployment_id: deployment.id,
        parameters,
        job_variables: null,
        schedule_after: 0,
      },
    ],
    actionsOnTrigger: [],
    actionsOnResolve: [],
    ownerResource: `prefect.deployment.${deployment.id}`,
    createdAt: now,
    updatedAt: now,
  }
}

/**
 * After a reconnect: a run that the executor does not hold never reached it and is sent again; one that it holds
 * without a lease is stopped.
 */
export async function reconcile(core: EngineCore, session: Session, { holds }: HelloFrame): Promise<void> {
  const held = new Map(holds.map(({ run_id, epoch }) => [run_id, epoch]))
  for (const [runId, epoch] of session.running) {
    if (held.get(runId) === epoch) continue
    const found = await core.store.transaction(async (tx) => ({
      run: await tx.findRun(runId),
      recorded: await tx.loadTaskResults(runId),
    }))
    if (found.run?.epoch !== epoch || found.run.sessionId !== session.id) continue
    session.peer?.send(runFrame(core, found.run, found.recorded))
  }
  for (const [run_id, epoch] of held) {
    if (session.running.get(run_id) === epoch) continue
    session.peer?.send({ type: 'cancel', run_id, epoch, reason: 'Its lease has ended.' })
  }
}
