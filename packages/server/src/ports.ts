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

/** Makes what was written so far durable, and then calls back: the database's log, or the journal's file. */
export type Flush = (done: (error: Error | null) => void) => void

/** A file of blocks that are written as a whole, each in its place: the journal's. */
export interface BlockFile {
  /** How many there are. */
  readonly blocks: number
  /** All of it as it was left; empty where there is no file. */
  read(): Uint8Array
  /** Makes it anew, all zeros, and is done when that is on the disk. Throws what the disk says. */
  clear(): void
  /** Whole blocks, from the block `first` on. */
  write(first: number, bytes: Uint8Array): void
  readonly flush: Flush
}

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
