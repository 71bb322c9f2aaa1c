/**
 * Python processes that play cases one after the other: importing the client costs a second, so they are kept. One
 * that takes too long over a case is ended with everything it has started, and another one takes its place.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { endGroup } from './servers.ts'

const PLAYER = fileURLToPath(new URL('./python/player.py', import.meta.url))
const LEAVE_MS_MAX = 15_000

/** What a case says of itself. */
export interface Case {
  readonly name: string
  readonly sentence: string
  /** The file that it stands in, without its ending. */
  readonly group: string
  /** Why our server is meant to behave in another way than Prefect's here. */
  readonly different: string | null
  /** The kind of server that it needs. */
  readonly server: 'open' | 'auth'
  /** Whether it uses the runner that serves flows for all cases of its process. */
  readonly serving: boolean
  /** How long it may take, in seconds. */
  readonly timeout: number
  readonly slow: boolean
}

export interface Played {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
  /** What went wrong; empty for a case that is ok. */
  readonly message: string
  readonly trace: string
}

export interface CrewSettings {
  readonly bin: string
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
}

type Answer = { readonly cases: readonly Case[] } | { readonly played: Played }

/** One process of the crew. */
export class Player {
  readonly #child: ChildProcess
  readonly #log: string
  readonly #waiting: ((answer: Answer | undefined) => void)[] = []
  readonly #answers: (Answer | undefined)[] = []

  constructor({ bin, env, folder }: CrewSettings, playerName: string) {
    this.#log = join(folder, `${playerName}.log`)
    const log = openSync(this.#log, 'a')
    this.#child = spawn(join(bin, 'python'), [PLAYER, playerName], {
      env: { ...process.env, ...env },
      stdio: ['pipe', log, log, 'pipe'],
      detached: true,
    })
    const answers = this.#child.stdio[3] as Readable
    createInterface({ input: answers }).on('line', (line) => this.#take(JSON.parse(line) as Answer))
    this.#child.once('exit', () => this.#take(undefined))
    this.#child.stdin?.on('error', () => {})
  }

  #take(answer: Answer | undefined): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(answer)
    else this.#answers.push(answer)
  }

  #next(): Promise<Answer | undefined> {
    if (this.#answers.length > 0) return Promise.resolve(this.#answers.shift())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** All cases that there are. */
  async cases(): Promise<readonly Case[]> {
    const answer = await this.#next()
    if (answer && 'cases' in answer) return answer.cases
    throw new Error(`The Python process ended before it had read the cases:\n${readFileSync(this.#log, 'utf8').slice(-3_000)}`)
  }

  /** Plays a case; undefined when the process has ended, or was ended, before it was through. */
  async play({ name, timeout }: Case): Promise<Played | undefined> {
    this.#child.stdin?.write(`${JSON.stringify({ play: name })}\n`)
    const timer = setTimeout(() => this.kill(), timeout * 1_000)
    const answer = await this.#next()
    clearTimeout(timer)
    return answer && 'played' in answer ? answer.played : undefined
  }

  /** The end of what it has printed. */
  tail(): string {
    return readFileSync(this.#log, 'utf8').slice(-1_500)
  }

  kill(): void {
    if (this.#child.pid) endGroup(this.#child.pid)
  }

  /** Lets it leave in order, then ends what is left. */
  async leave(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const timer = setTimeout(() => this.kill(), LEAVE_MS_MAX)
      this.#child.stdin?.end()
      await once(this.#child, 'exit')
      clearTimeout(timer)
    }
    this.kill()
  }
}

/** Plays all of these with so many processes at once. */
export async function playAll(
  cases: readonly Case[],
  settings: CrewSettings,
  size: number,
  done: (played: Played) => void,
): Promise<void> {
  const queue = cases.toSorted((a, b) => Number(b.slow) - Number(a.slow))
  let made = 0
  const work = async (): Promise<void> => {
    let player: Player | undefined
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (!player) {
        made += 1
        player = new Player(settings, `player-${made}`)
        await player.cases()
      }
      const started = performance.now()
      const played = await player.play(next)
      if (!played) {
        const seconds = (performance.now() - started) / 1_000
        const message = seconds >= next.timeout ? `took longer than ${next.timeout} s` : 'its Python process ended'
        done({ name: next.name, ok: false, seconds, message, trace: player.tail() })
        player.kill()
        player = undefined
      } else done(played)
    }
    await player?.leave()
  }
  await Promise.all(Array.from({ length: Math.min(size, cases.length) }, work))
}
