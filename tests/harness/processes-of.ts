/** Processes of a test, found by a mark in their environment, whoever has started them. None where there is no /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface FoundProcess {
  readonly pid: number
  readonly command: string
  /** One that a host keeps for runs. */
  readonly isChild: boolean
}

export function processesOf(mark: string): FoundProcess[] {
  if (!existsSync('/proc/self/environ')) return []
  const found: FoundProcess[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
      if (!environment.includes(mark)) continue
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
      found.push({ pid: Number(pid), command, isChild: environment.includes('PILOTFLAME_CHILD=') })
    } catch {
      // It has ended meanwhile, or is somebody else's.
    }
  }
  return found
}
