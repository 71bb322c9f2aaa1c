/**
 * The server: its real inside on the real store in memory, with the five ports of this world. It can crash between any
 * two steps; what it finds when it comes back is the database as of the last flush that had finished.
 */
import { isAppError, type ServerFrame } from '@pilotflame/core'
import type { App } from '../../packages/server/src/app.ts'
import { assemble, type Inside } from '../../packages/server/src/assemble.ts'
import type { BlockFile, ChannelPeer, Clock } from '../../packages/server/src/ports.ts'
import { blocksInMemory } from '../../packages/server/src/store/block-file.ts'
import { openSqliteStore, type SqliteStore } from '../../packages/server/src/store/sqlite-store.ts'
import type { Fact } from './books.ts'
import { Conversation, checkFrameIn, checkFrameOut, type FrameIn } from './check-frames.ts'
import { checkImage } from './check-image.ts'
import { checkMemory } from './check-memory.ts'
import { checkSessions, checkWrites } from './check-writes.ts'
import type { Connection } from './connection.ts'
import { JournalDisk } from './journal-disk.ts'
import { observeStore } from './observed-store.ts'
import { timerMicros } from './timeline.ts'
import { MS, type World } from './world.ts'

export const SERVER_BOOT = 'boot of the server'
/** 2027: any will do. */
const EPOCH_MICROS = 1_800_000_000_000_000

/** How a request went, as its sender sees it. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string }
  /** Nobody knows what became of it. */
  | { readonly kind: 'broken' }

interface Life {
  readonly store: SqliteStore
  readonly inside: Inside
  readonly pending: Set<(answer: Answer<never>) => void>
  readonly connections: Set<Connection>
}

type Done = (error: Error | null) => void

/** Of the database's log. */
interface LogFlush {
  /** The database, when a crash is near. */
  readonly image: Uint8Array | null
  /** So many commits are in its tables. */
  readonly commits: number
  readonly done: Done
}

interface JournalFlush {
  readonly writes: number
  readonly done: Done
  isOnDisk: boolean
}

let migrated: Promise<Uint8Array> | undefined

/** An empty database with all migrations: made once. */
function emptyImage(): Promise<Uint8Array> {
  const make = async (): Promise<Uint8Array> => {
    const flush = (done: Done): void => done(null)
    const store = await openSqliteStore({ path: ':memory:', flush, journal: blocksInMemory(flush), reader: 'inline' })
    const image = await store.image()
    await store.close()
    return image
  }
  migrated ??= make()
  return migrated
}

export class ServerProcess {
  readonly #world: World
  #life: Life | null = null
  #image: Uint8Array | null = null
  readonly #journal = new JournalDisk()
  #logFlush: LogFlush | null = null
  #journalFlush: JournalFlush | null = null
  /** Records whose flush has not been answered, in order: the commit that each is. */
  #records: number[] = []
  /** How many commits the image and the journal hold; they are what is on disk when that is what is durable. */
  #known = 0
  /** Images are kept: a crash is near. They are dear. */
  #keepsImages = false
  /** Counts the lives of this server. */
  incarnation = 0
  /** Bodies that wait for their answer. */
  #unsettled = 0
  #changed = false
  /** How far the wall clock is from what it should be. */
  wallOffset = 0
  /** Leases whose run's frame has left. */
  readonly sent = new Set<string>()
  /** Session → the connection that is its own now. */
  readonly #current = new Map<string, Conversation>()
  readonly #heard = new Map<string, { beatAt: number; closedAt: number | null }>()

  constructor(world: World) {
    this.#world = world
  }

  get up(): boolean {
    return this.#life !== null
  }

  get core(): Inside['core'] | undefined {
    return this.#life?.inside.core
  }

  get store(): SqliteStore | undefined {
    return this.#life?.store
  }

  /** Nothing is written or waits to be. */
  get quiet(): boolean {
    return this.#unsettled === 0 && this.#logFlush === null && this.#journalFlush === null
  }

  wall(): number {
    return EPOCH_MICROS + this.#world.timeline.now + this.wallOffset
  }

  async start(): Promise<void> {
    const world = this.#world
    this.incarnation += 1
    const life = this.incarnation
    const { random } = world
    this.#image ??= await emptyImage()
    const ports = {
      clock: this.#clock(life),
      random: this.#random(),
      processes: { alive: (pid: number) => isAlive(world, pid), giveWay: () => undefined },
    }
    const store = await openSqliteStore({
      path: ':memory:',
      image: this.#image,
      reader: 'inline',
      flush: (done) => this.#startLogFlush(life, store, done),
      journal: this.#journalFile(life),
      turns: {
        soon: (callback) => this.#after(life, random.between(1, 200), 'tables', callback),
        later: (callback) => void ports.clock.after(2, callback),
      },
      onWarning: (message) => world.violated('journal', message),
    })
    this.#image = await store.image() // its migrations and its journal's life are on disk
    this.#known = world.ledger.durable
    if (life > 1) checkImage(world, this.#image, 'after the crash')
    const observed = observeStore(store, {
      submitted: () => {
        this.#unsettled += 1
      },
      wrote: (facts) => {
        if (this.incarnation === life && facts.length > 0) this.#wrote(facts)
      },
      settled: () => {
        this.#unsettled -= 1
        this.#changed = true
      },
    })
    this.#unsettled = 0
    for (const id of world.ledger.books.sessions)
      this.#heard.set(id, { beatAt: world.timeline.now, closedAt: world.timeline.now })
    const inside = await assemble({
      store: observed,
      ports,
      log: (level, message) => this.#log(life, level, message),
      version: 'simulated',
      secretKey: new Uint8Array(32),
      apiUrl: () => 'http://simulated/api',
    })
    this.#life = { store, inside, pending: new Set(), connections: new Set() }
    inside.start()
  }

  #wrote(facts: readonly Fact[]): void {
    const world = this.#world
    world.ledger.add(checkWrites(world, facts))
    checkSessions(world, facts)
    world.note(() => `commit ${world.ledger.length}: ${facts.map(inWords).join(', ')}`)
    this.#changed = true
  }

  #log(life: number, level: string, message: string): void {
    if (this.incarnation !== life) return
    this.#world.note(() => `server ${level}: ${message}`)
    if (level === 'error') this.#world.violated('no errors', message)
  }

  #clock(life: number): Clock {
    const { timeline } = this.#world
    let last = 0
    return {
      boot: SERVER_BOOT,
      now: () => {
        last = Math.max(last + 1, Math.round(this.wall()))
        return last
      },
      monotonic: () => timeline.now,
      after: (delayMs, callback) =>
        timeline.after(timerMicros(delayMs), 'timer of the server', () => {
          if (this.incarnation === life) callback()
        }),
    }
  }

  #random() {
    const { random } = this.#world
    return { uuid: () => random.uuid(Math.floor(this.wall() / 1000)), bytes: (length: number) => random.bytes(length) }
  }

  #after(life: number, micros: number, name: string, happen: () => void): void {
    this.#world.timeline.after(micros, name, () => {
      if (this.incarnation === life) happen()
    })
  }

  /** The disk takes a while, and so does hearing of it. */
  #flush(life: number, name: string, onDisk: () => void, answer: () => void): void {
    const { random, faulty, options } = this.#world
    const diskMicros = faulty && random.chance(0.1) ? random.between(1 * MS, 400 * MS) : random.between(50, 600)
    this.#after(life, diskMicros, `disk, ${name}`, onDisk)
    const answerMicros = options.flushAnswersEarly ? 20 : diskMicros + random.between(1, 300)
    this.#after(life, answerMicros, `flush, ${name}`, answer)
  }

  #startLogFlush(life: number, store: SqliteStore, done: Done): void {
    const { ledger } = this.#world
    const image = this.#keepsImages ? store.imageOfFlush() : null
    const flush = { image, commits: ledger.length - store.counts.behind, done }
    this.#logFlush = flush
    const answer = (): void => {
      this.#logFlush = null
      // In the order in which they were written: what the journal has first is answered first.
      this.#answered(Math.min(flush.commits, (this.#records[0] ?? Number.POSITIVE_INFINITY) - 1), done)
    }
    this.#flush(life, 'log', () => this.#logOnDisk(flush), answer)
  }

  #answered(commits: number, done: Done): void {
    const { ledger } = this.#world
    ledger.answered = Math.max(ledger.answered, commits)
    this.#changed = true
    this.#world.note(() => `flush answered up to ${commits}`)
    done(null)
  }

  #logOnDisk({ image, commits }: LogFlush): void {
    const { ledger } = this.#world
    ledger.durable = Math.max(ledger.durable, commits)
    if (image) this.#keep(image)
    else this.#known = -1
  }

  #journalFile(life: number): BlockFile {
    const disk = this.#journal
    this.#records = []
    return {
      blocks: disk.blocks,
      read: () => disk.read(),
      clear: () => disk.clear(),
      write: (first, bytes) => {
        disk.write(first, bytes)
        const index = this.#records.push(this.#world.ledger.length) - 1
        // Whether a record counts is known a moment after it was written.
        queueMicrotask(() => {
          if (this.incarnation === life) this.#records[index] = this.#world.ledger.length
        })
      },
      flush: (done) => this.#startJournalFlush(life, done),
    }
  }

  #startJournalFlush(life: number, done: Done): void {
    const flush = { writes: this.#journal.waiting, done, isOnDisk: false }
    this.#journalFlush = flush
    const answer = (): void => {
      this.#journalFlush = null
      const last = this.#records.splice(0, flush.writes).at(-1) ?? 0
      this.#answered(last, done)
    }
    this.#flush(life, 'journal', () => this.#journalOnDisk(flush), answer)
  }

  #journalOnDisk(flush: JournalFlush): void {
    if (flush.isOnDisk) return
    flush.isOnDisk = true
    const { writes } = flush
    const { ledger } = this.#world
    this.#journal.flushed(writes)
    const isKnown = this.#known === ledger.durable
    ledger.durable = Math.max(ledger.durable, this.#records[writes - 1] ?? 0)
    if (isKnown) this.#known = ledger.durable
  }

  #keep(image: Uint8Array): void {
    this.#image = image
    this.#known = this.#world.ledger.durable
  }

  /** A crash is near: from now on what is on disk is kept. */
  expectCrash(): void {
    const { ledger } = this.#world
    this.#keepsImages = true
    if (this.#life && this.quiet && ledger.length === ledger.durable) this.#keep(this.#life.store.imageOfFlush())
  }

  /** What is on disk is known. */
  get canCrash(): boolean {
    return this.#life !== null && this.#known === this.#world.ledger.durable
  }

  /** Memory is lost, and so is what no flush had finished: the disk may or may not have got to the last one. */
  crash(): void {
    const life = this.#life
    if (!life) return
    const world = this.#world
    this.#life = null
    this.incarnation += 1
    const log = this.#logFlush
    const journal = this.#journalFlush
    this.#logFlush = null
    this.#journalFlush = null
    if (log?.image && world.random.chance(0.5)) this.#logOnDisk(log)
    if (journal && world.random.chance(0.5)) this.#journalOnDisk(journal)
    // Where the tables have the oldest record that is torn, the next one would count, and nobody needs it to.
    const oldest = this.#records.at(-this.#journal.waiting) ?? 0
    this.#journal.crash(() => oldest <= world.ledger.durable || world.random.chance(0.5))
    this.#keepsImages = false
    life.inside.stop()
    log?.done(new Error('crashed'))
    journal?.done(new Error('crashed'))
    life.store.close().catch(() => undefined)
    world.ledger.crash()
    world.crashed()
    this.#coverLeases()
    world.note(() => `the server crashed; ${world.ledger.durable} commits are left`)
    for (const connection of life.connections) {
      connection.toServer.end = null
      connection.break()
    }
    for (const tell of life.pending) tell({ kind: 'broken' })
  }

  #coverLeases(): void {
    const { books } = this.#world.ledger
    for (const [id, { run }] of books.runs) {
      if (run.sessionId !== null && !this.sent.has(`${id} ${run.epoch}`)) this.#world.cover('crash between flush and dispatch')
    }
  }

  /** The schedule is over: nothing of it is kept. */
  end(): void {
    const life = this.#life
    if (!life) return
    this.#life = null
    this.incarnation += 1
    life.inside.stop()
    this.#logFlush?.done(new Error('over'))
    this.#journalFlush?.done(new Error('over'))
    life.store.close().catch(() => undefined)
  }

  /** Takes a connection; false when nobody listens. */
  connect(connection: Connection): boolean {
    const life = this.#life
    if (!life) return false
    const world = this.#world
    const conversation = new Conversation()
    life.connections.add(connection)
    const peer: ChannelPeer = {
      origin: 'simulated',
      send: (frame) => {
        if (this.#life !== life) return
        checkFrameOut(world, frame as ServerFrame, conversation)
        if (conversation.sessionId !== null) this.#current.set(conversation.sessionId, conversation)
        world.note(() => `server → ${JSON.stringify(frame)}`)
        connection.toExecutor.send(frame)
      },
      close: () => {
        this.#noteClosed(conversation)
        connection.closedByServer()
      },
    }
    const handler = life.inside.app.channel.connect(peer)
    connection.toServer.end = {
      receive: (frame) => {
        world.note(() => `server ← ${JSON.stringify(frame)}`)
        checkFrameIn(world, frame as FrameIn, conversation)
        handler.receive(frame)
      },
      closed: () => {
        life.connections.delete(connection)
        this.#noteClosed(conversation)
        handler.closed()
      },
    }
    return true
  }

  /** Closed by one of them: what was sent over it before may still be on its way. */
  #noteClosed(conversation: Conversation): void {
    const { sessionId } = conversation
    if (sessionId !== null && this.#current.get(sessionId) === conversation) this.heard(sessionId, 'closed')
  }

  /** A frame has said that this session is there. */
  heard(sessionId: string, what: 'beat' | 'hello' | 'closed'): void {
    const { now } = this.#world.timeline
    const before = this.#heard.get(sessionId) ?? { beatAt: now, closedAt: null }
    if (what === 'beat') before.beatAt = now
    else if (what === 'hello') Object.assign(before, { beatAt: now, closedAt: null })
    else before.closedAt ??= now
    this.#heard.set(sessionId, before)
  }

  /** For how long the server has had reason to think that this session is gone. */
  silentMicros(sessionId: string): number {
    const heard = this.#heard.get(sessionId)
    const { now } = this.#world.timeline
    if (!heard) return 0
    return Math.max(now - heard.beatAt, heard.closedAt === null ? 0 : now - heard.closedAt)
  }

  /** Asks the server for something; its sender hears of it when the server has answered, or has died. */
  request<T>(ask: (app: App) => Promise<T>, answer: (answer: Answer<T>) => void): void {
    const life = this.#life
    if (!life) return answer({ kind: 'broken' })
    let open = true
    const tell = (outcome: Answer<T>): void => {
      if (!open) return
      open = false
      life.pending.delete(tell)
      answer(outcome)
    }
    life.pending.add(tell)
    ask(life.inside.app).then(
      (value) => tell({ kind: 'answered', value }),
      (error: unknown) => tell({ kind: 'refused', code: codeOf(error) }),
    )
  }

  /** After each step: when nothing is under way, the memory beside the database says what the database says. */
  checkQuiet(): void {
    if (!this.#changed || !this.quiet || !this.#life) return
    this.#changed = false
    checkMemory(this.#world, this.#life.inside.core)
  }

  /** How far away the next moment is that a run waits for; null when none waits for one. */
  nextDue(): number | null {
    const { runs, waiting } = this.#world.ledger.books
    const now = this.wall()
    let next = Number.POSITIVE_INFINITY
    for (const id of waiting) {
      const due = (runs.get(id)?.run.nextScheduledAt ?? 0) - now
      if (due > 0 && due < next) next = due
    }
    return Number.isFinite(next) ? next : null
  }

  /** The clock of the server's machine is set. */
  jump(micros: number): void {
    const from = this.wall()
    this.wallOffset += micros
    const to = this.wall()
    for (const id of this.#world.ledger.books.waiting) {
      const due = this.#world.ledger.books.runs.get(id)?.run.nextScheduledAt ?? 0
      if (due > from && due <= to) this.#world.cover('clock jump over a deadline')
    }
  }
}

function isAlive(world: World, pid: number): boolean {
  return world.processes.get(pid)?.alive ?? false
}

const codeOf = (error: unknown): string => (isAppError(error) ? error.code : String(error))

function inWords(fact: Fact): string {
  switch (fact.kind) {
    case 'run':
      return `run ${fact.run.id.slice(-4)} ${fact.states.map(({ name }) => name).join('+')} lease ${fact.run.epoch}`
    case 'event':
      return `event ${fact.event.event} ${fact.event.id.slice(-4)}`
    case 'verdict':
      return `verdict ${fact.verdict.outcome.kind}`
    case 'chunk':
      return `chunk ${fact.chunk.n} of ${fact.chunk.flowRunId.slice(-4)}`
    default:
      return fact.kind
  }
}
