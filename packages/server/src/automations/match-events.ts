/**
 * Matches the events of a unit of work: those that came in, and those its state changes make, until none is left.
 * For each automation whose whole filter an event fits there is a verdict (I8), written in the same transaction.
 */
import {
  type ActionTrouble,
  bucketKey,
  type CompiledAutomation,
  compileAutomation,
  type Event,
  firesAtOnce,
  flowRunStateEvent,
  reduceTrigger,
  type StartedRun,
  type VerdictOutcome,
} from '@pilotflame/core'
import type { EngineCore } from '../engine/engine-core.ts'
import type { StateChange, Work } from '../engine/work.ts'
import { describeChain } from './chain.ts'
import { runAction } from './run-action.ts'

/** An automation that its own run triggers is stopped here: so many runs may stand one behind the other. */
export const CHAIN_DEPTH_MAX = 8

/** `receivedMark`: the monotonic moment at which what started all this was here. */
export async function matchEvents(core: EngineCore, work: Work, receivedMark: number): Promise<void> {
  const seen: Event[] | null = core.feed.watched ? [] : null
  if (seen) work.afterwards(() => core.feed.publish(seen))
  for (;;) {
    const event = work.events.shift() ?? (await nextStateEvent(core, work))
    if (!event) return
    work.matched.set(event.id, event)
    seen?.push(event)
    for (const candidate of core.index.candidates(event)) await judge(core, work, event, candidate, receivedMark)
  }
}

/** The event of the next state change that an automation or a watcher could want. Others need not be made: the state's row is the event. */
async function nextStateEvent(core: EngineCore, work: Work): Promise<Event | undefined> {
  for (;;) {
    const change = work.changes.shift()
    if (!change) return undefined
    const name = `prefect.flow-run.${change.state.name}`
    if (core.index.mayMatch(name) || core.feed.wantsName(name)) return stateEvent(work, change)
  }
}

async function stateEvent({ tx }: Work, change: StateChange): Promise<Event> {
  const { run } = change
  const deployment = run.deploymentId === null ? undefined : await tx.findDeployment(run.deploymentId)
  const flow = await tx.findFlow(run.flowId)
  return flowRunStateEvent({
    ...change,
    flow: { id: run.flowId, name: flow?.name ?? '' },
    deployment: deployment ? { id: deployment.id, name: deployment.name } : null,
  })
}

/** The index is a cache: the automation is read again before it decides anything. */
async function judge(
  core: EngineCore,
  work: Work,
  event: Event,
  candidate: CompiledAutomation,
  receivedMark: number,
): Promise<void> {
  if (!candidate.matches(event)) return
  const automation = await work.tx.findAutomation(candidate.automation.id)
  if (!automation?.enabled) return
  const current = automation.updatedAt === candidate.automation.updatedAt ? candidate : compileAutomation(automation)
  if (current !== candidate && !current.matches(event)) return
  const outcome = await evaluate(core, work, event, { compiled: current, receivedMark })
  work.tx.insertVerdict({ eventId: event.id, automationId: automation.id, at: core.clock.now(), outcome })
}

interface Judged {
  readonly compiled: CompiledAutomation
  readonly receivedMark: number
}

async function evaluate(core: EngineCore, work: Work, event: Event, judged: Judged): Promise<VerdictOutcome> {
  const { automation } = judged.compiled
  const { trigger } = automation
  const key = bucketKey(trigger, event)
  const known = firesAtOnce(trigger) ? undefined : await work.tx.findBucket(trigger.id, key)
  const { bucket, outcome } = reduceTrigger({ trigger, automationId: automation.id, bucket: known ?? null, event })
  if (bucket && bucket !== known) work.tx.saveBucket(bucket)
  else if (known && !bucket) work.tx.deleteBucket(trigger.id, key)
  return outcome.kind === 'fired' ? fire(core, work, event, judged) : outcome
}

/** Each action is done by itself: one that cannot be done keeps no other one from it. */
async function fire(core: EngineCore, work: Work, event: Event, judged: Judged): Promise<VerdictOutcome> {
  const { automation, actions } = judged.compiled
  const runs: StartedRun[] = []
  const troubles: ActionTrouble[] = []
  for (const { index, action, parameters: templates } of actions) {
    if (action.type !== 'run-deployment') continue
    if (event.chainDepth >= CHAIN_DEPTH_MAX) return { kind: 'too_deep', message: await describeChain(work, event, automation) }
    const done = await runAction(core, work, event, { automation, action, index, templates, receivedMark: judged.receivedMark })
    if (done.kind === 'started') runs.push({ action: index, runId: done.runId })
    else troubles.push(done)
  }
  const [first, ...also] = troubles
  return first ? { ...first, runs, also } : { kind: 'fired', runs }
}
