/**
 * Runs the engine a few times for nobody, before the executor counts as ready: an executor of its own takes runs of a
 * small flow from nobody's server. The first real run then finds all that it passes through compiled (message read to
 * first line 0.46 → 0.1 ms).
 */
import type { BatchFrame, RunFrame } from '@pilotflame/core'
import type { ServedDeployment } from '../flow/definition.ts'
import { monotonicMicros } from '../machine/clock.ts'
import { task } from '../task/task.ts'
import { createLineReader, deliver } from './channel-lines.ts'
import type { ExecutorOptions } from './executor.ts'
import type { Place, SessionEvents } from './session.ts'

const RUNS = 12
const NOBODY = '00000000-0000-7000-8000-000000000000'

const step = task('prime', async (n: number) => n)
const primer: ServedDeployment = {
  offer: {
    flow_name: 'prime',
    name: 'prime',
    version: '',
    entrypoint: null,
    description: null,
    tags: [],
    parameters: {},
    parameter_schema: null,
    triggers: [],
    retries: 0,
    retry_delay_ms: 0,
  },
  load: () => ({
    definition: {
      name: 'prime',
      fn: async ({ n }: { n: number }, run) => {
        run.stream('prime')
        run.logger.debug('prime')
        return step(n)
      },
      options: {},
      schema: undefined,
      parameterSchema: null,
    },
  }),
}

const message = (bootId: string, n: number): Buffer => {
  const frame: RunFrame = {
    type: 'run',
    run_id: NOBODY,
    epoch: n,
    attempt: 1,
    deployment_id: NOBODY,
    name: 'prime',
    parameters: { n },
    tags: [],
    marks: { boot: bootId, at: {} },
    recorded: [],
  }
  return Buffer.from(`${JSON.stringify(frame)}\n`)
}

const isBatch = (frame: unknown): frame is BatchFrame => (frame as { type?: unknown }).type === 'batch'

/** Nobody's server: welcomes, gives runs as bytes, one after the other, and acknowledges. */
class PrimingPlace implements Place {
  readonly #events: SessionEvents
  readonly #bootId: string
  readonly #closed = Promise.withResolvers<void>()
  readonly #read: (bytes: Buffer) => void
  #given = 0

  constructor(events: SessionEvents, bootId: string) {
    this.#events = events
    this.#bootId = bootId
    const listener = {
      frame: (frame: unknown, readAt: number) => this.#events.receive(frame as RunFrame, readAt),
      closed: () => {},
    }
    this.#read = createLineReader((line) => deliver(line, monotonicMicros(), listener, () => {}))
  }

  keep(): Promise<void> {
    const { flow_name, name } = primer.offer
    const deployments = [{ id: NOBODY, flow_name, name }]
    this.#events.welcome(
      { type: 'welcome', session_id: NOBODY, resumed: false, api_url: '', deployments },
      { kind: 'socket', path: '' },
    )
    this.next()
    return this.#closed.promise
  }

  next(): void {
    this.#read(message(this.#bootId, ++this.#given))
  }

  send(frame: unknown): void {
    const written: unknown = JSON.parse(JSON.stringify(frame))
    if (!isBatch(written)) return
    setImmediate(() => this.#events.receive({ type: 'ack', seq: written.seq, refused: [] }, monotonicMicros()))
  }

  close(): void {
    this.#closed.resolve()
  }
}

/** What an executor is made of for this. */
export interface Primed {
  readonly options: ExecutorOptions
  open(events: SessionEvents): Place
}

/** Settles when the runs are over. `start` makes an executor, which is closed again by `close`. */
export function prime(bootId: string, start: (primed: Primed) => { close(): void }): Promise<void> {
  return new Promise((resolve) => {
    let place: PrimingPlace | undefined
    const hosted = {
      hostSessionId: NOBODY,
      uses: RUNS,
      runEnded: (_: string, epoch: number) => {
        if (epoch < RUNS) setImmediate(() => place?.next())
      },
      spent: () => {
        executor.close()
        resolve()
      },
    }
    const executor = start({
      options: { deployments: [primer], limit: 1, bootId, hosted, onNotice: () => {} },
      open: (events) => {
        place = new PrimingPlace(events, bootId)
        return place
      },
    })
  })
}
