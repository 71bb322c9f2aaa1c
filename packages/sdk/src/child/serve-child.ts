/**
 * `serve` in a process that a host has started: it takes runs of one deployment, one at a time, over a channel of its
 * own, and never returns: the process ends here.
 *
 * 1. It leaves by itself (exit code 0) when the end of its last run is acknowledged, whatever the user's code left open.
 * 2. SIGTERM, and a host that is gone, drain it: it finishes the run at hand. An idle one leaves at once.
 * 3. What the user's code does not catch ends it with exit code 1, and the error is the last thing on stderr.
 */
import { AppError, type ChildIdentity, type ChildMessage } from '@pilotflame/core'
import { type Executor, startExecutor } from '../executor/executor.ts'
import type { ServedDeployment } from '../flow/definition.ts'
import { applySchema } from '../flow/schema.ts'
import { endOnFailure, lineOf, outliveOutput, sayFailure } from './failures.ts'
import { mapStacks } from './mapped-stacks.ts'
import { type OnStart, runStartHooks } from './start-hooks.ts'

export interface ChildParts {
  readonly identity: ChildIdentity
  readonly served: ServedDeployment
  readonly onStart: readonly OnStart[]
}

/** Settles when it is handed over, at once where there is no host to tell. */
const tellHost = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

const say = (text: string): void => void process.stderr.write(`${text}\n`)

class Child {
  readonly #parts: ChildParts
  #executor: Executor | undefined
  #cleanUp: () => Promise<void> = () => Promise.resolve()
  #told = ''
  #leaving = false
  #draining = false

  constructor(parts: ChildParts) {
    this.#parts = parts
  }

  async run(): Promise<never> {
    mapStacks()
    outliveOutput()
    endOnFailure((message) => tellHost({ type: 'failed', message }))
    process.on('SIGTERM', () => this.#drain())
    process.once('disconnect', () => this.#drain())
    if (process.send !== undefined && !process.connected) process.exit(1)
    try {
      await this.#start()
    } catch (error) {
      sayFailure('', error)
      await tellHost({ type: 'failed', message: lineOf(error) })
      process.exit(1)
    }
    return new Promise(() => {})
  }

  async #start(): Promise<void> {
    const { identity, served, onStart } = this.#parts
    await warmUp(served)
    this.#cleanUp = await runStartHooks(onStart, say)
    if (this.#draining) return this.#leave()
    const options = {
      deployments: [{ ...served, offer: { ...served.offer, version: identity.version, keep_triggers: true } }],
      limit: 1,
      apiUrl: identity.api_url,
      ...(identity.auth_string === null ? {} : { authString: identity.auth_string }),
      onNotice: () => {}, // its host says it once for all
      hosted: {
        hostSessionId: identity.host_session_id,
        socket: identity.socket ?? null,
        uses: identity.uses,
        runEnded: (run_id: string, epoch: number) => void tellHost({ type: 'ended', run_id, epoch }),
        spent: () => void this.#leave(),
      },
    }
    const executor = await startExecutor({
      ...options,
      onStateChange: (state) => {
        if (state === 'ready') setImmediate(() => this.#tellReady())
      },
    })
    this.#executor = executor
    process.on('exit', () => executor.flush()) // the last lines of a run that ends its process
    this.#tellReady()
    executor.closed.catch((error) => this.#refused(error))
    if (this.#draining) this.#drainExecutor(executor)
  }

  #tellReady(): void {
    const sessionId = this.#executor?.sessionId
    if (sessionId === undefined || sessionId === this.#told) return
    this.#told = sessionId
    void tellHost({ type: 'ready', session_id: sessionId })
  }

  /** Keeps 2. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    if (this.#executor) this.#drainExecutor(this.#executor)
  }

  #drainExecutor(executor: Executor): void {
    void executor.drain().then(() => this.#leave())
  }

  /** The server does not take it back: nothing that it does is of use any more. */
  async #refused(error: unknown): Promise<void> {
    if (this.#leaving) return
    this.#leaving = true
    sayFailure('The server refused this process: ', error)
    await this.#cleanUp()
    process.exit(1)
  }

  /** Keeps 1. */
  async #leave(): Promise<void> {
    if (this.#leaving) return
    this.#leaving = true
    this.#executor?.close()
    await this.#cleanUp()
    process.exit(0)
  }
}

/** Loads the code, and lets the schema see a value once, so that what it compiles late is there before the first run. */
async function warmUp({ load }: ServedDeployment): Promise<void> {
  const { definition } = await load()
  try {
    await applySchema(definition.name, definition.schema, {})
  } catch {
    // It says what it thinks of no parameters at all, and nobody has asked.
  }
}

/** Settles never: the process ends. */
export const serveAsChild = (parts: ChildParts): Promise<never> => new Child(parts).run()

/** The one that the host has started this process for. */
export function findServed(identity: ChildIdentity, deployments: readonly ServedDeployment[]): ServedDeployment | undefined {
  return deployments.find(({ offer }) => `${offer.flow_name}/${offer.name}` === identity.deployment)
}

let found = false
let watching = false

/** A script may call `serve` more than once; when none of the calls has the deployment, the process ends and says so. */
export function expectServed({ deployment }: ChildIdentity, here: boolean): void {
  found ||= here
  if (watching) return
  watching = true
  process.once('exit', () => {
    if (!found) say(new AppError('deployment_not_found', `This script no longer serves ${deployment}.`).message)
  })
}
