/** What every body that the server commits is held against: the invariants that can be seen in its writes. */
import { type FlowRun, isTerminal, type State } from '@pilotflame/core'
import type { Fact } from './books.ts'
import { checkVerdicts } from './check-verdicts.ts'
import type { World } from './world.ts'

type RunFact = Extract<Fact, { kind: 'run' }>

/** Checks the facts one after the other, as if they were already there, and adds what the checks reckon themselves. */
export function checkWrites(world: World, facts: readonly Fact[]): readonly Fact[] {
  for (const fact of facts) {
    if (fact.kind === 'run') checkRun(world, fact)
    else if (fact.kind === 'event') checkEvent(world, fact.event.id)
    else if (fact.kind === 'chunk') checkChunk(world, facts, fact)
  }
  return checkVerdicts(world, facts)
}

/** After they were added: nobody holds a lease of a session that is gone. */
export function checkSessions(world: World, facts: readonly Fact[]): void {
  const { books } = world.ledger
  for (const fact of facts) {
    if (fact.kind !== 'session deleted') continue
    const held = books.leasesOf(fact.id)
    if (held.size > 0) world.violated('I1', `session ${fact.id} ended, and run ${[...held].join()} still is leased to it`)
  }
}

function checkEvent(world: World, id: string): void {
  if (world.ledger.books.events.has(id)) world.violated('events once', `event ${id} was stored once more`)
}

/** The text of a chunk names the lease that it was made under. */
function checkChunk(world: World, facts: readonly Fact[], { chunk }: Extract<Fact, { kind: 'chunk' }>): void {
  const epoch = Number(chunk.text.split(' ', 1)[0])
  const written = facts.find((fact): fact is RunFact => fact.kind === 'run' && fact.run.id === chunk.flowRunId)
  const run = world.ledger.books.runs.get(chunk.flowRunId)?.run ?? written?.run
  if (run && run.epoch !== epoch)
    world.violated('I2', `a chunk of lease ${epoch} was written for run ${run.id} at lease ${run.epoch}`)
}

function checkRun(world: World, fact: RunFact): void {
  const { run, states, isNew } = fact
  const before = world.ledger.books.runs.get(run.id)?.run
  if (isNew === (before !== undefined))
    world.violated('runs once', `run ${run.id} was ${isNew ? 'made twice' : 'changed and is not there'}`)
  if (isNew && run.idempotencyKey !== null) {
    const other = world.ledger.books.keys.get(`${run.flowId} ${run.idempotencyKey}`)
    if (other !== undefined) world.violated('runs once', `runs ${other} and ${run.id} have one key: ${run.idempotencyKey}`)
  }
  checkChain(world, fact, before)
  let current: FlowRun | undefined = before
  for (const state of states) {
    checkStep(world, run, current, state)
    current = { ...(current ?? run), state }
  }
  checkLease(world, fact, before)
}

/** I4: the run is in the last of its states, and each follows the one before. */
function checkChain(world: World, { run, states }: RunFact, before: FlowRun | undefined): void {
  let last = before?.state.id ?? null
  for (const state of states) {
    if (state.follows !== last)
      world.violated('I4', `state ${state.name} of run ${run.id} follows ${state.follows}, and the last was ${last}`)
    last = state.id
  }
  if (run.state.id !== last) world.violated('I4', `run ${run.id} is ${run.state.name}, and that state was not written`)
}

const LEASED = new Set(['PENDING', 'RUNNING', 'CANCELLING'])

function checkStep(world: World, run: FlowRun, before: FlowRun | undefined, state: State): void {
  const from = before?.state
  const told = world.told.get(state.id)
  if (from && isTerminal(from.type) && state.type !== 'SCHEDULED') {
    world.violated('I3', `run ${run.id} was ${from.name} and became ${state.name}`)
  }
  if (from?.type === 'CANCELLING' && state.type !== 'CANCELLED') {
    world.violated('I3', `run ${run.id} was being cancelled and became ${state.name}`)
  }
  if (told && before && (told.epoch !== before.epoch || told.sessionId !== before.sessionId)) {
    const live = `lease ${before.epoch} of ${before.sessionId}`
    world.violated('I2', `${state.name} of lease ${told.epoch} was written for run ${run.id}, which has ${live}`)
  }
  if ((state.type === 'RUNNING' || state.type === 'COMPLETED') && !told) {
    world.violated('I2', `run ${run.id} became ${state.name}, and no executor has said so`)
  }
  if (state.type === 'COMPLETED') checkOnce(world, run)
  if (state.type === 'CANCELLED' && before) checkGone(world, before, state)
}

function checkOnce(world: World, run: FlowRun): void {
  const states = world.ledger.books.runs.get(run.id)?.states ?? []
  if (states.some(({ type }) => type === 'COMPLETED')) world.violated('completes once', `run ${run.id} completed twice`)
}

/** I10: its work has ended, or the server has heard nothing of its session for as long as the rule says. */
function checkGone(world: World, before: FlowRun, state: State): void {
  if (before.sessionId === null) return
  const attempt = world.attempts.get(`${before.id} ${before.epoch}`)
  if (!attempt?.atWork) return
  const silentFor = world.server.silentMicros(before.sessionId)
  if (silentFor < 5_900_000) {
    world.violated(
      'I10',
      `run ${before.id} is Cancelled while lease ${before.epoch} is at work (${state.message ?? 'no message'})`,
    )
  }
}

/** I1 and I9. */
function checkLease(world: World, { run, states }: RunFact, before: FlowRun | undefined): void {
  const epoch = before?.epoch ?? 0
  const granted = run.epoch - epoch
  const leased = run.sessionId !== null
  if (granted !== 0 && granted !== 1) world.violated('I1', `the lease of run ${run.id} went from ${epoch} to ${run.epoch}`)
  if (leased !== LEASED.has(run.state.type)) {
    world.violated('I6', `run ${run.id} is ${run.state.name} and its session is ${run.sessionId}`)
  }
  if (granted === 0) {
    if (leased && run.sessionId !== before?.sessionId)
      world.violated('I1', `run ${run.id} changed its session within lease ${epoch}`)
    if (leased && before && run.versionId !== before.versionId)
      world.violated('I9', `run ${run.id} changed its code within lease ${epoch}`)
    return
  }
  const freed = before === undefined || before.sessionId === null || states.some(({ type }) => type === 'SCHEDULED')
  if (!freed) world.violated('I1', `run ${run.id} was leased to ${run.sessionId} while ${before.sessionId} held it`)
  checkPlace(world, run)
}

function checkPlace(world: World, run: FlowRun): void {
  const { books } = world.ledger
  if (run.sessionId === null || run.deploymentId === null) return
  if (!books.sessions.has(run.sessionId)) world.violated('I1', `run ${run.id} was leased to ${run.sessionId}, which has ended`)
  const executor = world.executorOf(run.sessionId)
  const deployment = books.deployments.get(run.deploymentId)
  const name = `${deployment?.flowName}/${deployment?.name}`
  const offer = executor?.offers.get(name)
  if (executor && offer?.version !== run.versionId) {
    world.violated('I9', `run ${run.id} of ${name} was leased as ${run.versionId} to an executor with ${offer?.version}`)
  }
}
