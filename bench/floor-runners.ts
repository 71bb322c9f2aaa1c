/**
 * What the floor hands an event to: one primed child for all of them, or, in its `fresh` form, one of four primed
 * children, which takes this one and is replaced. Nothing that starts user code in another process can do less.
 */
import { type ChildProcess, fork } from 'node:child_process'

export interface Runner {
  send(payload: { readonly n: number }): void
  /** First lines since the last call. */
  collect(): Promise<unknown>
  /** Settles when it can take events at its best. */
  readonly ready: Promise<unknown>
}

const CHILDREN = 4
// A child is replaced a moment after its run has begun: the start of a process is not to be in the way of that.
const REFILL_MS = 5

const start = (program: string): ChildProcess => fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

function collectFrom(child: ChildProcess): Promise<unknown[]> {
  return new Promise((resolve) => {
    child.once('message', (lines) => resolve(lines as unknown[]))
    child.send('collect')
  })
}

export function reusedChild(program: string): Runner {
  const child = start(program)
  child.send({ n: -1 }) // primes it
  const collect = (): Promise<unknown> => collectFrom(child)
  return { send: (payload) => void child.send(payload), collect, ready: collect() }
}

export function freshChildren(program: string): Runner {
  const free: ChildProcess[] = []
  const waiting: { readonly n: number }[] = []
  let lines: unknown[] = []

  const give = (child: ChildProcess, payload: { readonly n: number }): void => {
    child.send(payload)
    setTimeout(async () => {
      const found = await collectFrom(child)
      lines.push(...found) // `lines` may be another array by now
      child.disconnect() // it leaves
      void refill()
    }, REFILL_MS)
  }

  const refill = async (): Promise<void> => {
    const child = start(program)
    child.send({ n: -1 }) // primes it
    await collectFrom(child)
    const next = waiting.shift()
    if (next) give(child, next)
    else free.push(child)
  }

  return {
    send(payload) {
      const child = free.shift()
      if (child) give(child, payload)
      else waiting.push(payload)
    },
    async collect() {
      const collected = lines
      lines = []
      return collected
    },
    ready: Promise.all(Array.from({ length: CHILDREN }, refill)),
  }
}
