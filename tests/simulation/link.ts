/** A process's place at the server: it says hello, and comes back after every outage, as the SDK's session does. */
import type { HelloFrame, RefusedFrame, ServerFrame, WelcomeFrame } from '@pilotflame/core'
import { Connection } from './connection.ts'
import type { Machine } from './machine.ts'
import type { VirtualProcess } from './virtual-process.ts'
import { MS, SECOND } from './world.ts'

/** What the server says once it has welcomed somebody. */
export type MessageFrame = Exclude<ServerFrame, WelcomeFrame | RefusedFrame>

const WELCOME_MAX = 10 * SECOND

export interface LinkEvents {
  hello(): HelloFrame
  welcome(frame: WelcomeFrame): void
  receive(frame: MessageFrame): void
  away(): void
}

export class Link {
  readonly #process: VirtualProcess
  readonly #machine: Machine
  readonly #events: LinkEvents
  #connection: Connection | null = null
  #welcomed = false
  #failures = 0

  constructor(process: VirtualProcess, machine: Machine, events: LinkEvents) {
    this.#process = process
    this.#machine = machine
    this.#events = events
  }

  /** Dropped where the server has not welcomed it. */
  send(frame: unknown): void {
    if (this.#welcomed) this.#connection?.toServer.send(frame)
  }

  break(): void {
    this.#connection?.break()
  }

  /** In good order: what it has sent arrives. */
  close(): void {
    this.#connection?.closedByExecutor()
    this.#connection = null
  }

  connect(): void {
    const { world } = this.#process
    const connection = new Connection(world)
    if (!this.#machine.reachable || !world.server.connect(connection)) return this.#retry()
    this.#connection = connection
    this.#welcomed = false
    connection.toExecutor.end = {
      receive: (frame) =>
        this.#process.do(() => {
          if (this.#connection === connection) this.#receive(frame as ServerFrame)
        }),
      closed: () => this.#process.do(() => this.#over(connection)),
    }
    this.#process.after(WELCOME_MAX, 'no welcome', () => {
      if (this.#welcomed || this.#connection !== connection) return
      connection.closedByExecutor()
      this.#over(connection)
    })
    connection.toServer.send(this.#events.hello())
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'welcome') {
      this.#welcomed = true
      this.#failures = 0
      this.#events.welcome(frame)
    } else if (frame.type !== 'refused') this.#events.receive(frame)
    else {
      const { pid, world } = this.#process
      if (!this.#welcomed) world.violated('hello', `process ${pid} was refused: ${frame.code} ${frame.message}`)
      const connection = this.#connection
      connection?.closedByExecutor()
      if (connection) this.#over(connection)
    }
  }

  #over(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#connection = null
    this.#welcomed = false
    this.#events.away()
    this.#retry()
  }

  #retry(): void {
    const most = Math.min(2 * SECOND, 50 * MS * 2 ** this.#failures)
    this.#failures += 1
    this.#process.after(most * this.#process.world.random.between(0.5, 1), 'a process comes back', () => this.connect())
  }
}
