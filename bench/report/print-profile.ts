/** Prints where the server's own time went, from the profiles that it has written. */
import { copyFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hotFunctions, readProfile } from './hot-functions.ts'

const SHOWN = 40

export function printProfile(folder: string, say: (text: string) => void): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    const functions = hotFunctions(readProfile(file))
    const total = functions.reduce((sum, { selfMs }) => sum + selfMs, 0)
    const kept = join(tmpdir(), name)
    copyFileSync(file, kept)
    say(`\n${kept}: ${total.toFixed(0)} ms at work`)
    for (const { name: place, selfMs } of functions.slice(0, SHOWN)) {
      say(`${selfMs.toFixed(1).padStart(9)} ms ${((selfMs / total) * 100).toFixed(1).padStart(5)} %  ${place}`)
    }
  }
}
