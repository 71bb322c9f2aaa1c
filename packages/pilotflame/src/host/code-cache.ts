/** Where Node keeps what it has compiled of a host's programs: a new process then reads it instead. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ChildCommand } from '@pilotflame/worker'
import type { Bundle } from '../bundle/bundle-program.ts'

// Node never tidies it up; what is gone is made again.
const KEPT_MS = 30 * 24 * 3_600_000

function removeOld(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { force: true })
  }
}

/** Undefined where the user has said it himself, or where it cannot be made: then processes start a little slower. */
export function codeCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE) return undefined
  const home = env.PILOTFLAME_HOME || join(homedir(), '.pilotflame')
  const folder = join(home, 'cache', 'code')
  try {
    mkdirSync(folder, { recursive: true })
    removeOld(folder)
    return folder
  } catch {
    return undefined
  }
}

/** A larger program is compiled function by function: each process has to read all that was compiled, and keeps it. */
const WHOLE_CHARS_MAX = 500_000

/** Plain JavaScript, here as in the package: no process is to strip types before its program. */
const COMPILE_WHOLE = new URL('./compile-whole.mjs', import.meta.url).href

/** How processes are told to read what was compiled of this program before, and to compile it. */
export function compiledCode(
  { chars }: Pick<Bundle, 'chars'>,
  env = process.env,
): Required<Pick<ChildCommand, 'env' | 'execArgv'>> {
  const folder = codeCacheFolder(env)
  const cached = folder !== undefined || (env.NODE_COMPILE_CACHE && !env.NODE_DISABLE_COMPILE_CACHE)
  return {
    env: folder === undefined ? {} : { NODE_COMPILE_CACHE: folder },
    execArgv: cached && chars <= WHOLE_CHARS_MAX ? [`--import=${COMPILE_WHOLE}`] : [],
  }
}
