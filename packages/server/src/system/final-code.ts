/** What V8 does with the final code of functions, in the whole process. It reads these whenever it needs them anew. */
import { setFlagsFromString } from 'node:v8'

/** Calls of a function altogether, and since something new was last seen in it. */
const USUAL = ['--invocation-count-for-turbofan=3000', '--minimum-invocations-after-ic-update=500']
const EARLY = ['--invocation-count-for-turbofan=100', '--minimum-invocations-after-ic-update=50']

/** Versions of V8 that know these flags: those of Node 22 to 24, and of Node 24. Others would complain on stderr. */
const EARLY_KNOWN_BY: readonly number[] = [12, 13]
const KEEP_KNOWN_BY: readonly number[] = [13]

function set(flags: readonly string[], knownBy: readonly number[]): void {
  if (!knownBy.includes(Number.parseInt(process.versions.v8, 10))) return
  for (const flag of flags) setFlagsFromString(flag)
}

/** From now on a function gets its final code when it has been called some 100 times; `false`: 3 000 times, as usual. */
export const compileEarly = (early: boolean): void => set(early ? EARLY : USUAL, EARLY_KNOWN_BY)

/**
 * From now on V8 collects as usual when little happens, and not so as to give back all the memory it can: with that it
 * would throw away the final code of most functions, some 100 seconds after the last collection, and thousands of events
 * would have to come until it is there again.
 */
export const keepFinalCode = (): void => set(['--no-memory-reducer-favors-memory'], KEEP_KNOWN_BY)
