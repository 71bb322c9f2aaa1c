/**
 * `serve` in a process that a host has started: it takes runs of one deployment, one at a time, over a channel of its
 * own, and never returns: the process ends here.
 *
 * 1. It leaves by itself (exit code 0) when the end of its last run is acknowledged, whatever the user's code left open.
 * 2. SIGTERM, and a host that is gone, drain it: it finishes the run at hand. An idle one leaves at once, and so does one
 *    whose run was told to stop before and has not; but not before the programs that the run has started, which have got
 *    the same SIGTERM: its host kills what is left of them as soon as it is gone.
 * 3. What the user's code does not catch ends it with exit code 1, and the error is the last thing on stderr.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildIdentity, ChildMessage } from '@pilotflame/core'
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

/** What a shell says of a program that SIGTERM has ended. */
const TERMINATED = 143
const LOOK_MS = 20

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
    process.on('SIGTERM', () => this.#terminate())
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
    const options = {
      deployments: [{ ...served, offer: { ...served.offer, version: identity.version, keep_triggers: true } }],
      limit: 1,
      name: identity.deployment,
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
  }

  #tellReady(): void {
    const sessionId = this.#executor?.sessionId
    if (sessionId === undefined || sessionId === this.#told) return
    this.#told = sessionId
    void tellHost({ type: 'ready', session_id: sessionId })
  }

  /** Keeps 2. */
  #terminate(): void {
    const left = this.#executor?.stopping === true && process.listenerCount('SIGTERM') === 1 // else the user's code sees to it
    if (left) void programsGone().then(() => this.#leave(TERMINATED))
    else this.#drain()
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    if (this.#executor) this.#drainExecutor(this.#executor)
    else void this.#leave() // it has not begun
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
  async #leave(code = 0): Promise<void> {
    if (this.#leaving) return
    this.#leaving = true
    this.#executor?.close()
    await this.#cleanUp()
    process.exit(code)
  }
}

/** Settles when no program that this process has started is left. Its host bounds it by SIGKILL. */
async function programsGone(): Promise<void> {
  while (process.getActiveResourcesInfo().includes('ProcessWrap')) await sleep(LOOK_MS)
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

// 5 s: a script may call `serve` more than once, and the call that has the deployment may come late.
const EXPECTED_MS = 5_000
let found = false
let watching = false

/** When none of the script's calls has the deployment, the process ends and says so. */
export function expectServed({ deployment }: ChildIdentity, here: boolean): void {
  found ||= here
  if (watching || found) return
  watching = true
  const missing = (): string => `This script no longer serves ${deployment}. Start its host again.`
  process.once('exit', () => {
    if (!found) say(missing())
  })
  setTimeout(() => {
    if (!found) void tellHost({ type: 'failed', message: missing() }).then(() => process.exit(1))
  }, EXPECTED_MS)
}
