/** Pseudo-relevance feedback: the words that mark the best passages out from the rest join the question. */
import type { DatabaseSync } from 'node:sqlite'
import { rarity } from './relevance.ts'

const PASSAGES = 3
const WORDS = 8

/** Reads every passage's stems once; gives the words for a ranking of passage ids. */
export function feedbackOf(database: DatabaseSync, size: number): (best: readonly number[]) => readonly string[] {
  const weights = stemWeights(database, size)
  return (best) => {
    const scores = new Map<string, number>()
    for (const id of best.slice(0, PASSAGES))
      for (const [stem, weight] of weights.get(id) ?? []) scores.set(stem, (scores.get(stem) ?? 0) + weight)
    const ordered = [...scores].sort((a, b) => b[1] - a[1])
    return ordered.slice(0, WORDS).map(([stem]) => stem)
  }
}

/** Passage → stem → how much the stem says about it. */
function stemWeights(database: DatabaseSync, size: number): ReadonlyMap<number, ReadonlyMap<string, number>> {
  database.exec(`CREATE VIRTUAL TABLE spread USING fts5vocab(passages, 'row');
    CREATE VIRTUAL TABLE stems USING fts5vocab(passages, 'instance');`)
  const holders = new Map(
    database
      .prepare('SELECT term, doc FROM spread')
      .all()
      .map((row) => [String(row.term), Number(row.doc)]),
  )
  const weights = new Map<number, Map<string, number>>()
  for (const row of database.prepare('SELECT doc, term, count(*) AS n FROM stems GROUP BY doc, term').all()) {
    const ofPassage = weights.get(Number(row.doc)) ?? new Map<string, number>()
    const stem = String(row.term)
    ofPassage.set(stem, Math.log(1 + Number(row.n)) * rarity(holders.get(stem) ?? 0, size))
    weights.set(Number(row.doc), ofPassage)
  }
  return weights
}
