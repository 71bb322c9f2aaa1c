/** How an executor joins: what it offers becomes deployments, versions and automations. */
import {
  AppError,
  type Automation,
  type Deployment,
  type DeploymentOffer,
  type HelloFrame,
  isUuid,
  type JsonObject,
  type OfferedTrigger,
  PAYLOAD_AS_PARAMETERS,
  parseTrigger,
} from '@pilotflame/core'
import { saveAutomation } from '../automations/service.ts'
import { saveOffer } from '../engine/deployments.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import type { Work, WorkOptions } from '../engine/work.ts'
import { connectSession, holdsNothing, newSession, type Session } from '../executors/session.ts'
import type { ChannelPeer, Random } from '../ports.ts'
import type { Tx } from '../store/store.ts'

export interface Joined {
  readonly session: Session
  readonly resumed: boolean
  readonly deployments: readonly Deployment[]
}

export type DoWork = <T>(body: (work: Work) => Promise<T>, options?: WorkOptions) => Promise<T>

/**
 * Registers the executor: its deployments, their versions and triggers, and its session, in one transaction.
 *
 * Code that is known already is not written again for a process of a host, which has offered it, nor for a session that
 * comes back: it would make old code current once more.
 */
export async function join(core: EngineCore, work: DoWork, frame: HelloFrame, peer: ChannelPeer): Promise<Joined> {
  const { registry, random, clock } = core
  const child = typeof frame.host_session_id === 'string'
  const found = frame.session_id === null ? undefined : registry.sessions.get(frame.session_id)
  // By a new id its host learns that it has no run: it may take it for busy with one that never arrived.
  const replaced = found && child && frame.holds.length === 0 && holdsNothing(found) ? found : undefined
  const known = replaced ? undefined : found
  if (replaced) closeSession(replaced, clock.monotonic())
  const comesBack = frame.session_id !== null // also when its session was ended meanwhile
  const session = known ?? newSession(idOf(frame, random), frame)
  const { deployments, changed, removed } = await work(
    async ({ tx }) => {
      const saved: Saved = { deployments: [], changed: [], removed: [] }
      for (const offer of frame.deployments) {
        const there = child || comesBack ? await findOffered(tx, offer) : undefined
        if (there) saved.deployments.push(there)
        else await saveOffered(core, tx, offer, saved)
      }
      const { id, name, host, pid, boot } = session
      if (replaced) tx.deleteSession(replaced.id)
      if (!known) tx.saveSession({ id, name, host, pid, boot, createdAt: clock.now() })
      return saved
    },
    { journal: child ? 'once' : undefined }, // a process per run: the shortest way to the disk
  )
  // Its session was ended while it said hello: it is a new one, or its row would be missing at the next start.
  if (known && registry.sessions.get(known.id) !== known) return join(core, work, frame, peer)
  if (replaced && registry.sessions.get(replaced.id) === replaced) registry.remove(replaced)
  for (const automation of changed) core.index.put(automation)
  for (const automationId of removed) core.index.remove(automationId)
  for (const { id, version, paused } of deployments) {
    registry.setPaused(id, paused)
    if (!child) registry.programs.set(id, session.name)
    if (version !== null && registry.setCurrentVersion(id, version)) core.hosts.want(id)
  }
  // Compiled now and not at the first event.
  for (const deployment of deployments) core.schemas.faults(deployment, {})
  const offers = new Map(deployments.map((deployment, index) => [deployment.id, frame.deployments[index]?.version ?? '']))
  connectSession(session, frame, offers, peer)
  // It must beat from now on. A host has no beat: its open channel says that it lives.
  session.beatAt = known && session.role === 'executor' ? clock.monotonic() : null
  if (registry.sessions.get(session.hostSessionId ?? '')?.draining) session.draining = true
  registry.add(session)
  return { session, resumed: known !== undefined || session.id === frame.session_id, deployments }
}

/** No run comes to it any more. */
function closeSession(session: Session, now: number): void {
  session.peer?.close()
  session.peer = null
  session.closedAt ??= now
}

/** A host keeps its id even when its session was ended meanwhile: it holds nothing, and its processes know it by that. */
const idOf = ({ role, session_id }: HelloFrame, random: Random): string =>
  role === 'host' && isUuid(session_id) ? session_id : random.uuid()

/** The deployment, where this version of its code is known. */
async function findOffered(tx: Tx, offer: DeploymentOffer): Promise<Deployment | undefined> {
  const deployment = await tx.findDeploymentByName(offer.flow_name, offer.name)
  if (!deployment || deployment.version === offer.version) return deployment
  return (await tx.findVersion(deployment.id, offer.version)) ? deployment : undefined
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
  if (offer.keep_triggers === true) return
  const offered = offer.triggers.map((trigger, index) => automationOf(core, deployment, trigger, index))
  const names = new Set(offered.map(({ name }) => name))
  for (const { id, name } of await tx.findAutomationsByOwner(`prefect.deployment.${deployment.id}`)) {
    if (names.has(name)) continue
    tx.deleteAutomation(id)
    saved.removed.push(id)
  }
  for (const automation of offered) saved.changed.push(await saveAutomation(tx, automation))
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
