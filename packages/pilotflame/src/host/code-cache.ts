/** Where Node keeps what it has compiled of a host's programs: a new process then reads it instead. */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Undefined where the user has said it himself, or where it cannot be made: then processes start a little slower. */
export function codeCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return undefined
  const home = env.PILOTFLAME_HOME || join(homedir(), '.pilotflame')
  const folder = join(home, 'cache', 'code')
  try {
    mkdirSync(folder, { recursive: true })
    return folder
  } catch {
    return undefined
  }
}
