/**
 * What a user has installed, as the tests start it: built before them, see `build-first.mjs`. A server or a program
 * that loads its hundreds of sources takes the processor three times as long.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('../../packages/pilotflame', import.meta.url))

/** The file of the command `pilot`. */
export const PILOT = join(PACKAGE, 'dist', 'pilot.js')

/** What a program imports as `pilotflame`, for one that is in no project. */
export const LIBRARY = join(PACKAGE, 'dist', 'index.js')

/** Makes a folder a project with `pilotflame` in its packages. */
export function install(folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(PACKAGE, join(folder, 'node_modules', 'pilotflame'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
}
