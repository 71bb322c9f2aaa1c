/**
 * Faults that are put into the shipped code from outside, while it is loaded: each takes away what keeps an invariant.
 * The simulation has to find every one. A change of the code that a mutant speaks of makes it fail loudly.
 */
import { registerHooks } from 'node:module'
import type { WorldOptions } from './world.ts'

interface Mutant {
  /** In which file, what is replaced, and by what. */
  readonly file?: string
  readonly from?: string
  readonly to?: string
  /** Or: what the world does. */
  readonly options?: WorldOptions
}

export const MUTANTS = {
  'a policy without the epoch rule': {
    file: 'server/src/dispatch/record-items.ts',
    from: 'if (run.epoch !== item.epoch || run.sessionId !== sessionId) {',
    to: 'if (Math.abs(0) > 1) {',
  },
  'a store without dedupe of events': {
    file: 'server/src/store/sqlite-tx.ts',
    from: 'if (!this.open().absent(FIND_EVENT_ID, id, id)) return false',
    to: 'if (!this.open().absent(FIND_EVENT_ID, id, id)) return true',
  },
  'a journal that takes every event for new': {
    file: 'server/src/store/journal.ts',
    from: 'return this.row !== null && isVoid(this.row, this.#statements)',
    to: 'return false',
  },
  'a flush that answers early': { options: { flushAnswersEarly: true } },
  'a state without its event': {
    file: 'server/src/store/run-rows.ts',
    from: "  for (const state of states) {\n    if (state.type === 'RUNNING') count += 1",
    to: "  for (const state of states) {\n    if (state.type === 'CANCELLED') continue\n    if (state.type === 'RUNNING') count += 1",
  },
  'a lease that never ends': {
    file: 'core/src/apply-state.ts',
    from: 'sessionId: ended || scheduled ? null : run.sessionId',
    to: 'sessionId: scheduled ? null : run.sessionId',
  },
  'an end that does not stay': { file: 'core/src/rules/policy.ts', from: '  terminalStays,\n', to: '' },
  'Cancelled before the work is gone': { file: 'core/src/rules/policy.ts', from: '  cancelWhenGone,\n', to: '' },
  'a journal that is not read after a crash': {
    file: 'server/src/store/journal.ts',
    from: 'if (left.length === 0) return',
    to: 'if (left.length >= 0) return',
  },
  'a void record of the journal that a crash brings back': {
    file: 'server/src/store/journal.ts',
    from: 'if (isVoid(entry, statements)) return',
    to: '',
  },
  'a record on top of what is not on disk': {
    file: 'server/src/store/group-commit.ts',
    from: 'if (row === null || this.#parts.flushes.logIsBehind) return undefined',
    to: 'if (row === null) return undefined',
  },
  'a torn record of the journal that counts': {
    file: 'server/src/store/journal-ring.ts',
    from: 'checksum(bytes, at, length) !== bytes.readUInt32LE(at + CHECKSUM_AT)',
    to: 'Math.abs(0) > 1',
  },
  'answers in the order of the disk': {
    file: 'server/src/store/flush-queue.ts',
    from: 'while (this.#groups[0]?.durable) settleAll(this.#groups.shift()?.waiters ?? [])',
    to: 'for (const group of this.#groups.filter(({ durable }) => durable)) { this.#groups.splice(this.#groups.indexOf(group), 1); settleAll(group.waiters) }',
  },
  'viewers before the flush': {
    file: 'server/src/dispatch/record-items.ts',
    from: '  return refused\n}',
    to: '  for (const [runId, list] of chunks) streams.publish(runId, list)\n  return refused\n}',
  },
  'stored chunks before their flush': {
    file: 'server/src/streams/streams.ts',
    from: 'await store.transaction(async () => undefined)',
    to: 'await undefined',
  },
  'recorded results that the next attempt does not get': {
    file: 'server/src/engine/dispatch-run.ts',
    from: 'recorded: recorded.map(',
    to: 'recorded: recorded.slice(0, 0).map(',
  },
  'results of tasks that a clock takes away': {
    file: 'server/src/dispatch/record-items.ts',
    from: 'if (item.result !== undefined) work.tx.insertTaskResult(',
    to: 'if (item.result !== undefined && item.at > (known?.state.at ?? 0)) work.tx.insertTaskResult(',
  },
  'a run that is lost with its connection': {
    file: 'server/src/dispatch/reconcile.ts',
    from: '      peer?.send(runFrame(core, run, recorded))\n',
    to: '',
  },
  'waiting runs that a restart forgets': {
    file: 'server/src/assemble.ts',
    from: 'for (const run of known.waiting) registry.wait(run)',
    to: '',
  },
  'a session that ends during its hello': {
    file: 'server/src/dispatch/join.ts',
    from: 'if (known && registry.sessions.get(known.id) !== known)',
    to: 'if (Math.abs(0) > 1)',
  },
  'a connection that closes during its hello': {
    file: 'server/src/dispatch/channel.ts',
    from: '      session = joined.session\n      if (broken) return closed()',
    to: '      if (broken) return closed()\n      session = joined.session\n',
  },
  'a bucket that is saved once': {
    file: 'server/src/automations/match-events.ts',
    from: 'if (bucket && bucket !== known) work.tx.saveBucket(bucket)',
    to: 'if (bucket && !known) work.tx.saveBucket(bucket)',
  },
  'a verdict that is left out': {
    file: 'server/src/automations/match-events.ts',
    from: 'work.tx.insertVerdict({ eventId',
    to: "if (outcome.kind !== 'throttled') work.tx.insertVerdict({ eventId",
  },
} as const satisfies Record<string, Mutant>

export type MutantName = keyof typeof MUTANTS

export const isMutant = (name: string): name is MutantName => Object.hasOwn(MUTANTS, name)

/** Call it before anything of the server is loaded. */
export function installMutant(name: MutantName): WorldOptions {
  const { file, from, to, options }: Mutant = MUTANTS[name]
  if (file === undefined || from === undefined || to === undefined) return options ?? {}
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/packages/${file}`)) return loaded
      const text = String(loaded.source instanceof Uint8Array ? new TextDecoder().decode(loaded.source) : loaded.source)
      if (text.split(from).length !== 2) throw new Error(`The mutant "${name}" does not fit ${file} any more: look for ${from}`)
      return { ...loaded, source: text.replace(from, () => to) }
    },
  })
  return options ?? {}
}
