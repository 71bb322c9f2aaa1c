/** How early V8 makes the final code of a function, in the whole process. It reads these whenever it looks at one anew. */
import { setFlagsFromString } from 'node:v8'

/** Calls of a function altogether, and since something new was last seen in it. */
const USUAL = { 'invocation-count-for-turbofan': 3_000, 'minimum-invocations-after-ic-update': 500 } as const
const EARLY = { 'invocation-count-for-turbofan': 100, 'minimum-invocations-after-ic-update': 50 } as const

/** Versions of V8 that know the flags by these names: those of Node 22 to 24. Another one would complain on stderr. */
const KNOWN_BY: ReadonlySet<number> = new Set([12, 13])

/** From now on a function gets its final code when it has been called some 100 times; `false`: 3 000 times, as usual. */
export function compileEarly(early: boolean): void {
  if (!KNOWN_BY.has(Number.parseInt(process.versions.v8, 10))) return
  for (const [name, calls] of Object.entries(early ? EARLY : USUAL)) setFlagsFromString(`--${name}=${calls}`)
}
