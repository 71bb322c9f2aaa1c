/**
 * Everything from outside enters through these five: a test or a simulation puts others in their place and
 * runs the rest as it is. Nothing else in the server may use the clock, timers, randomness, sockets or processes.
 */
import type { Micros, Ms } from '@pilotflame/core'

export interface Clock {
  /** Microseconds since 1970, strictly increasing within this server. */
  now(): Micros
  /** The machine's monotonic clock in microseconds; comparable within `boot`. */
  monotonic(): number
  /** Names the machine's boot. */
  readonly boot: string
  /** Calls back after `delayMs`; returns a way to stop it. */
  after(delayMs: Ms, callback: () => void): () => void
}

export interface Random {
  /** A new UUIDv7. */
  uuid(): string
  bytes(length: number): Uint8Array
}

/** Makes what was written to the database's log so far durable, and then calls back. */
export type Flush = (done: (error: Error | null) => void) => void

/** One open connection of an executor. */
export interface ChannelPeer {
  send(frame: unknown): void
  close(): void
  /** What people call where it comes from. */
  readonly origin: string
}

export interface Processes {
  /** False when no process with this id exists on this machine. */
  alive(pid: number): boolean
  /**
   * Leaves the CPU for an instant, so that a process of this machine which was just sent something can begin there.
   * Does nothing where that was done a moment ago. See decisions/0010.
   */
  giveWay(): void
}
