/** Reciprocal rank fusion: each ranking gives 1 / (60 + rank) to what it holds. Best first. */
export function fuse(rankings: readonly (readonly number[])[]): ReadonlyMap<number, number> {
  const scores = new Map<number, number>()
  for (const ranking of rankings)
    for (const [rank, id] of ranking.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (FLATTEN + rank + 1))
  return new Map([...scores].sort((a, b) => b[1] - a[1]))
}

/** How little the first places stand out; 60 is what the method is known with. */
const FLATTEN = 60
