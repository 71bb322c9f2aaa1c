/** A folder on a real disk: in memory a flush costs nothing, and the figures would mean nothing. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TMPFS = 0x01021994

export function makeTemporaryFolder(): { readonly path: string; remove(): void } {
  const inMemory = process.platform === 'linux' && statfsSync(tmpdir()).type === TMPFS
  const path = mkdtempSync(join(inMemory ? '/var/tmp' : tmpdir(), 'pilotflame-bench-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
