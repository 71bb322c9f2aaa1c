/** How many more processes fit into a host's memory. */
import type { Child } from './child.ts'

/** What one is taken for before it was looked at: Node and a small program. */
const MEMORY_MB_GUESS = 64

/** One always fits: a host that can start nothing is of no use. */
export function roomFor(children: readonly Pick<Child, 'memoryMb'>[], memoryMbMax: number): number {
  const known = children.flatMap(({ memoryMb }) => (memoryMb === null ? [] : [memoryMb]))
  const used = known.reduce((sum, one) => sum + one, 0)
  const each = known.length === 0 ? MEMORY_MB_GUESS : Math.max(1, used / known.length)
  const left = memoryMbMax - used - (children.length - known.length) * each
  return Math.max(children.length === 0 ? 1 : 0, Math.floor(left / each))
}
