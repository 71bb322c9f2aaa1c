/**
 * A folder on a real disk: in memory a flush costs nothing, and the figures would mean nothing. Its name carries the
 * process that made it, so that two benches at once, which make the figures of both worthless, are noticed.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TMPFS = 0x01021994

const place = (): string => (process.platform === 'linux' && statfsSync(tmpdir()).type === TMPFS ? '/var/tmp' : tmpdir())

export function makeTemporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(place(), `pilotflame-bench-${process.pid}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // there, and somebody else's
  }
}

/** Processes of other benches that run now, by the names of their folders. */
export function otherBenches(names: readonly string[] = readdirSync(place()), isAlive = alive): readonly number[] {
  const pids = names.map((name) => Number(/^pilotflame-bench-(\d+)-/.exec(name)?.[1]))
  return pids.filter((pid) => pid > 0 && pid !== process.pid && isAlive(pid))
}
