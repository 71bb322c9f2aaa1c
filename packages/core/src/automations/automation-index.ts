/**
 * The enabled automations, arranged so that an event meets only those that may want it: first by its name (exact,
 * prefix, other globs, any), then by a label that a trigger wants to have exactly. Looking up costs about the same
 * among ten automations and among ten thousand. What it gives is a superset: `matches` has the last word.
 */
import type { Event } from '../events.ts'
import { type CompiledAutomation, compileAutomation } from './compile-automation.ts'
import { compileGlob, type GlobTest, isGlob } from './glob.ts'
import { createResourceIndex, type ResourceIndex } from './resource-index.ts'
import type { Automation } from './types.ts'

export interface AutomationIndex {
  /** Adds it, or puts it in the place of the one with the same id. A disabled one is only taken out. */
  put(automation: Automation): void
  remove(id: string): void
  get(id: string): CompiledAutomation | undefined
  /** Those that may match, in the order in which they were put. */
  candidates(event: Event): readonly CompiledAutomation[]
  /** False when no automation wants events of this name. */
  mayMatch(eventName: string): boolean
  readonly size: number
}

/** One pattern of an event name, and the automations filed under it. */
interface Shelf {
  readonly automations: ResourceIndex
  readonly test: GlobTest
}

const byOrder = (one: CompiledAutomation, other: CompiledAutomation): number => one.order - other.order

/** The shelves of one kind of pattern, by their text: the name itself, or the prefix, or the glob. */
class Shelves extends Map<string, Shelf> {
  at(text: string): Shelf {
    const known = this.get(text)
    if (known) return known
    const made = { automations: createResourceIndex(), test: compileGlob(text) }
    this.set(text, made)
    return made
  }
}

type Kind = 'exact' | 'prefix' | 'glob'

/** `chat.*` is the prefix `chat.`, and `*` the empty one. */
function sortPattern(pattern: string): { kind: Kind; text: string } {
  if (!isGlob(pattern)) return { kind: 'exact', text: pattern }
  const prefix = pattern.slice(0, -1)
  return pattern.endsWith('*') && !isGlob(prefix) ? { kind: 'prefix', text: prefix } : { kind: 'glob', text: pattern }
}

function patternsOf({ trigger }: Automation): Iterable<string> {
  return trigger.expect.length === 0 ? ['*'] : new Set([...trigger.expect, ...trigger.after])
}

export function createAutomationIndex(): AutomationIndex {
  const automations = new Map<string, CompiledAutomation>()
  const shelves: Readonly<Record<Kind, Shelves>> = { exact: new Shelves(), prefix: new Shelves(), glob: new Shelves() }
  /** Worked out at the first look-up after a change. */
  let prefixLengths: readonly number[] | undefined
  let puts = 0

  const readPrefixLengths = (): readonly number[] => {
    const lengths = new Set(Array.from(shelves.prefix.keys(), (prefix) => prefix.length))
    prefixLengths = [...lengths].sort((one, other) => one - other)
    return prefixLengths
  }

  /** Calls `visit` for each shelf that an event of this name may find something on, until it returns true. */
  function visitShelves(name: string, visit: (shelf: Shelf) => boolean): boolean {
    const exact = shelves.exact.get(name)
    if (exact && visit(exact)) return true
    for (const length of prefixLengths ?? readPrefixLengths()) {
      if (length > name.length) break
      const shelf = shelves.prefix.get(name.slice(0, length))
      if (shelf && visit(shelf)) return true
    }
    for (const shelf of shelves.glob.values()) if (shelf.test(name) && visit(shelf)) return true
    return false
  }

  function remove(id: string): void {
    const compiled = automations.get(id)
    if (!compiled) return
    automations.delete(id)
    for (const pattern of patternsOf(compiled.automation)) {
      const { kind, text } = sortPattern(pattern)
      const shelf = shelves[kind].get(text)
      shelf?.automations.remove(compiled)
      if (shelf?.automations.size === 0) shelves[kind].delete(text)
    }
    prefixLengths = undefined
  }

  function put(automation: Automation): void {
    remove(automation.id)
    if (!automation.enabled) return
    const compiled = compileAutomation(automation, puts++)
    automations.set(automation.id, compiled)
    for (const pattern of patternsOf(automation)) {
      const { kind, text } = sortPattern(pattern)
      shelves[kind].at(text).automations.add(compiled)
    }
    prefixLengths = undefined
  }

  function candidates(event: Event): readonly CompiledAutomation[] {
    const found = new Set<CompiledAutomation>()
    visitShelves(event.event, (shelf) => {
      shelf.automations.collect(event, found)
      return false
    })
    return found.size < 2 ? [...found] : [...found].sort(byOrder)
  }

  return {
    put,
    remove,
    candidates,
    get: (id) => automations.get(id),
    mayMatch: (eventName) => visitShelves(eventName, () => true),
    get size() {
      return automations.size
    },
  }
}
