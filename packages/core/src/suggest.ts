/** "Did you mean …": the candidate that a misspelt word is closest to. */

/** Letters to insert, delete, change or swap with their neighbour to get from one word to the other. */
function distance(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1)
      row.push(best)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[to.length] ?? 0
}

/** Names longer than this are not worth comparing letter by letter. */
const WORD_MAX = 100

/** The candidate nearest to `word`, if one is near: at most a third of its letters differ. Case does not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > WORD_MAX) return undefined
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    if (Math.abs(word.length - candidate.length) > limit) continue
    const found = distance(wanted, candidate.toLowerCase())
    // A word in which every letter differs is another word.
    if (found > limit || found >= Math.min(word.length, candidate.length) || found >= bestDistance) continue
    best = candidate
    bestDistance = found
  }
  return best
}
