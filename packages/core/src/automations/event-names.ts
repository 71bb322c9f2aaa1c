/**
 * Which event names a trigger speaks of. As in Prefect, a name must pass two readings of `expect` and `after`:
 * - it is reached: some pattern begins it, where only `*` is a wildcard, for at least one character (`?`, `[` and a
 *   leading `!` stand for themselves there, so in event names they match nothing but themselves);
 * - it is expected, or opens a bucket: it fits `expect`, or `after`, as a glob.
 * A trigger without `expect` takes every event.
 */
import { compileGlob, type GlobTest, isGlob } from './glob.ts'
import type { EventTrigger } from './types.ts'

export interface EventNames {
  /** False: events of this name never concern the trigger. */
  covers(name: string): boolean
  /** True for an event that counts. */
  expects(name: string): boolean
  /** True for an event of `after`: it opens a bucket. */
  opens(name: string): boolean
}

/** `chat.*` → does the name begin with `chat.` and at least one character more? */
function compileBeginning(pattern: string): GlobTest {
  const [first = '', ...rest] = pattern.split('*')
  return (name) => {
    if (!name.startsWith(first)) return false
    let at = first.length
    for (const part of rest) {
      const found = name.indexOf(part, at + 1)
      if (found < 0 || found > name.length || at >= name.length) return false
      at = found + part.length
    }
    return true
  }
}

function compileReach({ expect, after }: EventTrigger): GlobTest {
  if (expect.length === 0) return (name) => name !== ''
  const patterns = [...new Set([...expect, ...after])]
  if (!patterns.some(isGlob)) {
    const names = new Set(patterns)
    return (name) => names.has(name)
  }
  const globs = patterns.map(compileGlob)
  const beginnings = patterns.map(compileBeginning)
  return (name) => globs.some((glob) => glob(name)) && beginnings.some((begins) => begins(name))
}

/** A glob that a leading `!` turns round. */
export function compileNegatable(pattern: string): GlobTest {
  if (!pattern.startsWith('!')) return compileGlob(pattern)
  const unwanted = compileGlob(pattern.slice(1))
  return (text) => !unwanted(text)
}

export function compileEventNames(trigger: EventTrigger): EventNames {
  const expected = trigger.expect.map(compileNegatable)
  const opening = trigger.after.map(compileNegatable)
  const reaches = compileReach(trigger)
  const expects: GlobTest = expected.length === 0 ? () => true : (name) => expected.some((test) => test(name))
  const opens: GlobTest = (name) => opening.some((test) => test(name))
  return { covers: (name) => reaches(name) && (expects(name) || opens(name)), expects, opens }
}
