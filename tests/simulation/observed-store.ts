/** The real store, with an observer: which facts each body has written, told when the body has ended well. */
import type { Automation, Chunk, Deployment, Event, Flow, FlowRun, Json, State, TaskRun, Verdict } from '@pilotflame/core'
import type { SqliteStore } from '../../packages/server/src/store/sqlite-store.ts'
import type { Store, Tx } from '../../packages/server/src/store/store.ts'
import type { Fact } from './books.ts'

export interface StoreObserver {
  /** A body begins to wait for its place in the queue. */
  submitted(): void
  /** The writes of a body were committed. */
  wrote(facts: readonly Fact[]): void
  /** Its caller has been answered. */
  settled(): void
}

type Note = (facts: Fact[], args: readonly never[]) => void

/** What each write of a body means. Writes that answer "was it new?" are below. */
const NOTES: Readonly<Record<string, Note>> = {
  insertRun: (facts, [run, states]: readonly [FlowRun, State[]]) => facts.push({ kind: 'run', run, states, isNew: true }),
  updateRun: (facts, [run, states]: readonly [FlowRun, State[]]) => facts.push({ kind: 'run', run, states, isNew: false }),
  deleteRun: (facts, [id]: readonly [string]) => facts.push({ kind: 'run deleted', id }),
  insertVerdict: (facts, [verdict]: readonly [Verdict]) => facts.push({ kind: 'verdict', verdict }),
  saveTaskRun: (facts, [, state]: readonly [TaskRun, State]) => facts.push({ kind: 'task state', id: state.id }),
  insertTaskResult: (facts, [runId, task, key, result]: readonly [string, string, string, Json]) =>
    facts.push({ kind: 'task result', runId, task: `${task} ${key}`, result }),
  saveAutomation: (facts, [automation]: readonly [Automation]) => facts.push({ kind: 'automation', automation }),
  deleteAutomation: (facts, [id]: readonly [string]) => facts.push({ kind: 'automation deleted', id }),
  saveFlow: (facts, [flow]: readonly [Flow]) => facts.push({ kind: 'flow', flow }),
  saveDeployment: (facts, [deployment]: readonly [Deployment]) => facts.push({ kind: 'deployment', deployment }),
  saveSession: (facts, [{ id }]: readonly [{ id: string }]) => facts.push({ kind: 'session', id }),
  deleteSession: (facts, [id]: readonly [string]) => facts.push({ kind: 'session deleted', id }),
} satisfies Record<string, (facts: Fact[], args: never) => void> as unknown as Record<string, Note>

const NEW_NOTES: Readonly<Record<string, Note>> = {
  insertEvent: (facts, [event]: readonly [Event]) => facts.push({ kind: 'event', event }),
  insertChunk: (facts, [chunk]: readonly [Chunk]) => facts.push({ kind: 'chunk', chunk }),
} satisfies Record<string, (facts: Fact[], args: never) => void> as unknown as Record<string, Note>

type Method = (...args: never[]) => unknown

/** A body's `tx` that passes everything on. */
function observeTx(tx: Tx, facts: Fact[]): Tx {
  const methods = new Map<string, Method>()
  const methodOf = (name: string): Method => {
    const real = (tx as unknown as Record<string, Method>)[name]
    if (typeof real !== 'function') throw new Error(`A transaction has no ${name}.`)
    const note = NOTES[name]
    const noteNew = NEW_NOTES[name]
    return (...args) => {
      const result = real.apply(tx, args)
      note?.(facts, args)
      if (!noteNew) return result
      return (result as Promise<boolean>).then((isNew) => {
        if (isNew) noteNew(facts, args)
        return isNew
      })
    }
  }
  return new Proxy(tx, {
    get(_, name) {
      if (typeof name !== 'string') return undefined
      const known = methods.get(name)
      if (known) return known
      const made = methodOf(name)
      methods.set(name, made)
      return made
    },
  })
}

export function observeStore(store: SqliteStore, observer: StoreObserver): Store {
  return {
    transaction: async (body, options) => {
      observer.submitted()
      let facts: Fact[] = []
      const committed = (): void => {
        options?.committed?.()
        observer.wrote(facts)
      }
      try {
        return await store.transaction(
          (tx) => {
            facts = []
            return body(observeTx(tx, facts))
          },
          { ...options, committed },
        )
      } finally {
        observer.settled()
      }
    },
    find: store.find,
    read: store.read,
    counts: store.counts,
    close: () => store.close(),
  }
}
