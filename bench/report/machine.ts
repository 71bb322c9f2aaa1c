/** What the figures were measured on; nothing that names the machine itself. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_gb: number
  readonly system: string
  /** p50 of one append's flush, with nothing around it. */
  readonly fdatasync_ms: number
  /** p50 of 64 bytes to another process and back. */
  readonly loopback_ms: number
}

export interface Versions {
  readonly node: string
  readonly sqlite: string
}

const git = (...args: string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()

/** `2d79f31`, with ` and changes` when the tree has some; `unknown` without git. */
export function commitName(): string {
  try {
    const changes = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' and changes'
    return `${git('rev-parse', '--short', 'HEAD')}${changes}`
  } catch {
    return 'unknown'
  }
}

export const describeMachine = (measured: Pick<Machine, 'fdatasync_ms' | 'loopback_ms'>): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memory_gb: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${release().split('-')[0]}`,
  ...measured,
})

export const versions = (): Versions => ({ node: process.versions.node, sqlite: process.versions.sqlite ?? 'none' })
