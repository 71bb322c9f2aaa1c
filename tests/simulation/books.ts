/**
 * What the server has written, kept a second time beside its database: facts in the order in which they were committed,
 * and what follows from them. A crash takes away those whose flush had not finished.
 */
import type { Automation, Bucket, Chunk, Deployment, Event, Flow, FlowRun, Json, State, Verdict } from '@pilotflame/core'

export type Fact =
  | { readonly kind: 'run'; readonly run: FlowRun; readonly states: readonly State[]; readonly isNew: boolean }
  | { readonly kind: 'run deleted'; readonly id: string }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'task state'; readonly id: string }
  | { readonly kind: 'task result'; readonly runId: string; readonly task: string; readonly result: Json }
  | { readonly kind: 'automation'; readonly automation: Automation }
  | { readonly kind: 'automation deleted'; readonly id: string }
  | { readonly kind: 'flow'; readonly flow: Flow }
  | { readonly kind: 'deployment'; readonly deployment: Deployment }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'session deleted'; readonly id: string }
  /** What a trigger has counted, as the checks reckon it: the server's own bucket is compared with it. */
  | { readonly kind: 'bucket'; readonly key: string; readonly bucket: Bucket | null }

export interface RunBook {
  readonly run: FlowRun
  readonly states: readonly State[]
}

export const chunkKey = ({ flowRunId, attempt, n }: Pick<Chunk, 'flowRunId' | 'attempt' | 'n'>): string =>
  `chunk ${flowRunId} ${attempt} ${n}`
export const resultKey = (runId: string, task: string): string => `result ${runId} ${task}`
export const leaseKey = (runId: string, epoch: number): string => `lease ${runId} ${epoch}`

export class Books {
  readonly runs = new Map<string, RunBook>()
  readonly events = new Map<string, Event>()
  readonly verdicts = new Map<string, Verdict[]>()
  readonly chunks = new Map<string, Chunk>()
  readonly taskResults = new Map<string, Json>()
  readonly automations = new Map<string, Automation>()
  readonly flows = new Map<string, Flow>()
  readonly deployments = new Map<string, Deployment>()
  readonly sessions = new Set<string>()
  readonly buckets = new Map<string, Bucket>()
  /** Flow and idempotency key → run. */
  readonly keys = new Map<string, string>()
  /** Session → the runs whose lease it holds. */
  readonly leases = new Map<string, Set<string>>()
  /** Runs that wait for an executor. */
  readonly waiting = new Set<string>()
  readonly unfinished = new Set<string>()
  /** What was written → the number of its commit, from 1 on. */
  readonly commitOf = new Map<string, number>()

  apply(fact: Fact, commit: number): void {
    switch (fact.kind) {
      case 'run':
        return this.#applyRun(fact, commit)
      case 'run deleted':
        return this.#deleteRun(fact.id)
      case 'event':
        this.events.set(fact.event.id, fact.event)
        this.commitOf.set(fact.event.id, commit)
        return
      case 'verdict': {
        const list = this.verdicts.get(fact.verdict.eventId)
        if (list) list.push(fact.verdict)
        else this.verdicts.set(fact.verdict.eventId, [fact.verdict])
        return
      }
      case 'chunk':
        this.chunks.set(chunkKey(fact.chunk), fact.chunk)
        this.commitOf.set(chunkKey(fact.chunk), commit)
        return
      case 'task state':
        this.commitOf.set(fact.id, commit)
        return
      case 'task result': {
        const key = resultKey(fact.runId, fact.task)
        if (this.taskResults.has(key)) return
        this.taskResults.set(key, fact.result)
        this.commitOf.set(key, commit)
        return
      }
      case 'automation':
        if (!this.commitOf.has(fact.automation.id)) this.commitOf.set(fact.automation.id, commit)
        this.automations.set(fact.automation.id, fact.automation)
        return
      case 'automation deleted':
        this.automations.delete(fact.id)
        return
      case 'flow':
        this.flows.set(fact.flow.id, fact.flow)
        return
      case 'deployment':
        this.deployments.set(fact.deployment.id, fact.deployment)
        return
      case 'session':
        this.sessions.add(fact.id)
        this.commitOf.set(fact.id, commit)
        return
      case 'session deleted':
        this.sessions.delete(fact.id)
        return
      case 'bucket':
        if (fact.bucket) this.buckets.set(fact.key, fact.bucket)
        else this.buckets.delete(fact.key)
        return
    }
  }

  leasesOf(sessionId: string): ReadonlySet<string> {
    return this.leases.get(sessionId) ?? NONE
  }

  #applyRun({ run, states }: Extract<Fact, { kind: 'run' }>, commit: number): void {
    const before = this.runs.get(run.id)
    this.runs.set(run.id, { run, states: [...(before?.states ?? []), ...states] })
    for (const { id } of states) this.commitOf.set(id, commit)
    if (run.idempotencyKey !== null) this.keys.set(`${run.flowId} ${run.idempotencyKey}`, run.id)
    if (run.epoch !== (before?.run.epoch ?? 0)) this.commitOf.set(leaseKey(run.id, run.epoch), commit)
    this.#moveLease(run.id, before?.run.sessionId ?? null, run.sessionId)
    if (run.state.type === 'SCHEDULED' && run.deploymentId !== null) this.waiting.add(run.id)
    else this.waiting.delete(run.id)
    if (run.endAt === null) this.unfinished.add(run.id)
    else this.unfinished.delete(run.id)
  }

  #moveLease(runId: string, from: string | null, to: string | null): void {
    if (from === to) return
    if (from !== null) this.leases.get(from)?.delete(runId)
    if (to === null) return
    const held = this.leases.get(to)
    if (held) held.add(runId)
    else this.leases.set(to, new Set([runId]))
  }

  #deleteRun(id: string): void {
    const book = this.runs.get(id)
    if (!book) return
    this.runs.delete(id)
    for (const state of book.states) this.verdicts.delete(state.id)
    this.waiting.delete(id)
    this.unfinished.delete(id)
    if (book.run.sessionId !== null) this.leases.get(book.run.sessionId)?.delete(id)
    if (book.run.idempotencyKey !== null) this.keys.delete(`${book.run.flowId} ${book.run.idempotencyKey}`)
    for (const key of this.chunks.keys()) if (key.startsWith(`chunk ${id} `)) this.chunks.delete(key)
    for (const key of this.taskResults.keys()) if (key.startsWith(`result ${id} `)) this.taskResults.delete(key)
  }
}

const NONE: ReadonlySet<string> = new Set()

/** All that was committed, and how much of it is on disk. */
export class Ledger {
  books = new Books()
  #commits: (readonly Fact[])[] = []
  /** So many commits are on disk. */
  durable = 0
  /** Those who wait for so many commits have been answered. */
  answered = 0

  get length(): number {
    return this.#commits.length
  }

  /** The number that the next commit will have. */
  get next(): number {
    return this.#commits.length + 1
  }

  add(facts: readonly Fact[]): void {
    this.#commits.push(facts)
    for (const fact of facts) this.books.apply(fact, this.#commits.length)
  }

  /** The server died: only what was on disk is left. */
  crash(): void {
    this.#commits = this.#commits.slice(0, this.durable)
    this.answered = this.durable
    this.books = new Books()
    this.#commits.forEach((facts, index) => {
      for (const fact of facts) this.books.apply(fact, index + 1)
    })
  }

  /** `on disk`, `written` or `unknown`. */
  whereIs(key: string): 'on disk' | 'written' | 'unknown' {
    const commit = this.books.commitOf.get(key)
    if (commit === undefined) return 'unknown'
    return commit <= this.durable ? 'on disk' : 'written'
  }
}
