/**
 * Clients: they send events until those are acknowledged, start, cancel and retry runs, read, and watch streams. Each
 * request and each answer is on its way for a while, and may be lost with its connection.
 */
import type { App, IncomingEvent, SetStateResult } from '../../packages/server/src/app.ts'
import { needsDisk } from './check-frames.ts'
import type { Answer } from './server-process.ts'
import { Viewer } from './viewer.ts'
import { MS, SECOND, type World } from './world.ts'

const CUSTOMERS = ['ada', 'bob', 'eve']

export class Client {
  readonly #world: World
  /** Requests that are sent again until they are answered. */
  open = 0
  readonly acknowledged: IncomingEvent[] = []
  readonly #sent: IncomingEvent[] = []
  /** Event → the server's life in which it was sent first. */
  readonly #firstLife = new Map<string, number>()
  readonly viewers: Viewer[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** The next command, drawn from the seed. */
  command(): void {
    const { random } = this.#world
    const kind = random.below(100)
    if (kind < 14) this.#send([this.#event('order.placed')])
    else if (kind < 30) this.#send([this.#event('order.failed')])
    else if (kind < 36) this.#send([this.#event('order.read')])
    else if (kind < 39) this.#send([this.#event('order.placed'), this.#event('order.failed'), this.#event('order.failed')])
    else if (kind < 55) this.#sendAgain()
    else if (kind < 61) this.#startRun()
    else if (kind < 78) this.#cancel()
    else if (kind < 84) this.#retry()
    else if (kind < 86) this.#delete()
    else if (kind < 91) this.#watch()
    else if (kind < 95) this.#waitForEnd()
    else this.#read()
  }

  #event(event: string): IncomingEvent {
    const { random, server } = this.#world
    const occurred = Math.round(server.wall() - random.between(0, 2 * SECOND))
    const id = random.uuid(Math.floor(occurred / 1000))
    const resource = { 'prefect.resource.id': `order.${id}`, customer: random.pick(CUSTOMERS) }
    return { id, occurred, event, resource, related: [], payload: {}, follows: null }
  }

  /** One request, there and back. */
  #ask<T>(name: string, ask: (app: App) => Promise<T>, answer: (answer: Answer<T>) => void): void {
    const world = this.#world
    world.timeline.after(world.latency(), name, () => {
      world.note(() => `client: ${name}`)
      world.server.request(ask, (outcome) => {
        world.note(() => `answer to ${name}: ${outcome.kind === 'refused' ? outcome.code : outcome.kind}`)
        const lost = world.faulty && world.random.chance(0.05)
        world.timeline.after(world.latency(), 'answer', () => answer(lost ? { kind: 'broken' } : outcome))
      })
    })
  }

  /** Until it is answered with what cannot change any more. */
  #insist<T>(name: string, ask: (app: App) => Promise<T>, answered: (value: T) => void = () => undefined): void {
    this.open += 1
    const { random, timeline } = this.#world
    const attempt = (): void =>
      this.#ask(name, ask, (answer) => {
        const again = answer.kind === 'broken' || (answer.kind === 'refused' && !FINAL.has(answer.code))
        if (again) {
          timeline.after(random.between(50 * MS, 2 * SECOND), 'client tries again', attempt)
          return
        }
        this.open -= 1
        if (answer.kind === 'answered') answered(answer.value)
      })
    attempt()
  }

  #send(events: readonly IncomingEvent[]): void {
    const { server, timeline } = this.#world
    this.#sent.push(...events)
    this.#insist(
      'events',
      async (app) => {
        for (const { id } of events) this.#arrives(id)
        await app.intake.accept(events, timeline.now)
        for (const { id } of events) needsDisk(this.#world, id, 'an acknowledged event')
        return server.incarnation
      },
      () => this.acknowledged.push(...events),
    )
  }

  #arrives(id: string): void {
    const { server, ledger } = this.#world
    const first = this.#firstLife.get(id)
    if (first === undefined) this.#firstLife.set(id, server.incarnation)
    else if (first !== server.incarnation && ledger.books.events.has(id)) this.#world.cover('repeated event across a crash')
  }

  #sendAgain(): void {
    if (this.#sent.length === 0) return this.#send([this.#event('order.placed')])
    const event = this.#world.random.pick(this.#sent)
    this.#insist('a repeated event', async (app) => {
      this.#arrives(event.id)
      await app.intake.accept([event], this.#world.timeline.now)
      needsDisk(this.#world, event.id, 'an acknowledged event')
    })
  }

  #startRun(): void {
    const { random, ledger, server } = this.#world
    const deployments = [...ledger.books.deployments.keys()]
    if (deployments.length === 0) return
    const deployment = random.pick(deployments)
    const idempotencyKey = `started by hand ${random.uint32()}`
    const id = random.uuid(Math.floor(server.wall() / 1000))
    const delayed = random.chance(0.5) ? Math.round(server.wall() + random.between(0, 20 * SECOND)) : null
    const state = delayed === null ? {} : { state: { id, type: 'SCHEDULED', scheduledAt: delayed } as const }
    this.#insist('start a run', async (app) => {
      const { run } = await app.engine.createRun(deployment, { idempotencyKey, ...state }, this.#world.timeline.now)
      needsDisk(this.#world, run.state.id, 'the state of a run that was started')
    })
  }

  /** A run that was made lately: those are the ones that move. */
  #anyRun(): string | undefined {
    const { random, ledger } = this.#world
    const unfinished = [...ledger.books.unfinished]
    if (unfinished.length > 0 && random.chance(0.8)) return random.pick(unfinished)
    const all = [...ledger.books.runs.keys()]
    return all.length === 0 ? undefined : random.pick(all)
  }

  #propose(name: string, runId: string, type: 'CANCELLING' | 'CANCELLED' | 'SCHEDULED'): void {
    const { random, server } = this.#world
    const id = random.uuid(Math.floor(server.wall() / 1000))
    const details = { transition_id: id }
    this.#insist(name, async (app): Promise<SetStateResult> => {
      if (type !== 'SCHEDULED') this.#coverCancel(runId)
      const result = await app.engine.setState(
        runId,
        { id: random.uuid(Math.floor(server.wall() / 1000)), type, details },
        { force: false },
      )
      if (result.status === 'ACCEPT')
        needsDisk(this.#world, result.run.state.id, `the state ${result.run.state.name} that was accepted`)
      return result
    })
  }

  /** It comes when the run has completed, and its executor does not know yet that the server knows. */
  #coverCancel(runId: string): void {
    const { ledger, attempts } = this.#world
    const run = ledger.books.runs.get(runId)?.run
    if (run?.state.type === 'RUNNING' && attempts.get(`${runId} ${run.epoch}`)?.hasCompleted)
      this.#world.cover('cancel against completion')
  }

  #cancel(): void {
    const runId = this.#anyRun()
    const type = this.#world.random.chance(0.3) ? 'CANCELLED' : 'CANCELLING' // some ask for the end itself
    if (runId !== undefined) this.#propose('cancel', runId, type)
  }

  #retry(): void {
    const runId = this.#anyRun()
    if (runId !== undefined) this.#propose('schedule again', runId, 'SCHEDULED')
  }

  #delete(): void {
    const runId = this.#anyRun()
    if (runId !== undefined)
      this.#insist('delete', (app) => {
        this.#world.deleted.add(runId)
        return app.engine.deleteRun(runId)
      })
  }

  #watch(): void {
    const runId = this.#anyRun()
    if (runId !== undefined) this.viewers.push(new Viewer(this.#world, runId))
  }

  #waitForEnd(): void {
    const runId = this.#anyRun()
    if (runId === undefined) return
    this.#insist('wait for the end of a run', async (app) => {
      const { run } = await app.engine.waitForEnd(runId, new AbortController().signal)
      needsDisk(this.#world, run.state.id, 'the end of a run that was told')
    })
  }

  #read(): void {
    const { random } = this.#world
    const event = this.#sent.at(-1)
    const runId = this.#anyRun()
    this.#ask(
      'a list',
      async (app) => {
        if (random.chance(0.4)) await app.store.read.flowRuns({}, 'START_TIME_DESC', { limit: 5, offset: 0 })
        else if (event && random.chance(0.5)) await app.store.read.verdicts(event.id)
        else if (runId !== undefined) await app.store.read.flowRunStates(runId)
      },
      () => undefined,
    )
  }
}

/** Answers that would be the same the next time. */
const FINAL = new Set(['run_not_found', 'deployment_not_found', 'invalid_request', 'invalid_parameters'])
