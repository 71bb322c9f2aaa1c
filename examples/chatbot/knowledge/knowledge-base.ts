/**
 * Finds the passages that answer a question, in an SQLite full-text index in memory.
 *
 * Order: three rankings (the words asked; those with their synonyms; those with the words that the best
 * passages have in common) are merged by rank. Relevance is decided apart from the order: a passage counts
 * only when it holds most of what was asked, where a rare word weighs more than a frequent one, and a word
 * that no passage knows weighs most. So a question about something else finds nothing.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Passage } from './split.ts'
import { type Term, termsOf } from './words.ts'

export interface Found extends Passage {
  /** How much of the question's weight the passage holds, up to 1. */
  readonly coverage: number
}

export interface KnowledgeBase {
  readonly size: number
  /** Passages that support the question, best first; none when nothing does. */
  search(question: string): readonly Found[]
}

/** Less of the question than this is no answer to it. Chosen on the questions of `questions.test.ts`. */
const COVERAGE_MIN = 0.6
const RESULTS_MAX = 5
/** Rank fusion's usual constant: how flat the merged ranks are. */
const FUSION_RANK = 60
const RANKED_MAX = 30
const FEEDBACK = { passages: 3, words: 8 }
/** Of the page's title, the heading and the text. */
const BM25 = 'bm25(passages, 2.0, 6.0, 1.0)'

const quoted = (words: readonly string[]): string => words.map((word) => `"${word.replaceAll('"', '""')}"`).join(' OR ')

/** Builds the index once; every search reads from it. */
export function buildKnowledgeBase(passages: readonly Passage[]): KnowledgeBase {
  const database = fill(new DatabaseSync(':memory:'), passages)
  const ranked = database.prepare(`SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY ${BM25} LIMIT ${RANKED_MAX}`)
  const holding = database.prepare('SELECT rowid FROM passages WHERE passages MATCH ?')
  const stems = database.prepare('SELECT term, count(*) AS n FROM stems WHERE doc = ? GROUP BY term')
  const spread = database.prepare('SELECT doc AS passages FROM spread WHERE term = ?')

  const idsOf = (words: readonly string[], statement: typeof ranked): number[] =>
    words.length === 0 ? [] : statement.all(quoted(words)).map((row) => Number(row.rowid))

  const weightOf = (holders: number): number => Math.log((passages.length + 1) / (holders + 0.5))

  /** The words that mark the best passages out from the rest. */
  function feedback(best: readonly number[]): readonly string[] {
    const scores = new Map<string, number>()
    for (const id of best.slice(0, FEEDBACK.passages))
      for (const { term, n } of stems.all(id)) {
        const weight = Math.log(1 + Number(n)) * weightOf(Number(spread.get(String(term))?.passages ?? 0))
        scores.set(String(term), (scores.get(String(term)) ?? 0) + weight)
      }
    return [...scores].sort((a, b) => b[1] - a[1]).slice(0, FEEDBACK.words).map(([stem]) => stem) // biome-ignore format: one chain
  }

  function coverages(terms: readonly Term[]): ReadonlyMap<number, number> {
    const weighed = terms.map((term) => {
      const ids = idsOf(term, holding)
      return { ids, weight: weightOf(ids.length) }
    })
    const whole = weighed.reduce((sum, { weight }) => sum + weight, 0)
    const parts = new Map<number, number>()
    for (const { ids, weight } of weighed) for (const id of ids) parts.set(id, (parts.get(id) ?? 0) + weight / whole)
    return parts
  }

  function search(question: string): readonly Found[] {
    const terms = termsOf(question)
    const asked = terms.flatMap(([word]) => word ?? [])
    const direct = idsOf(asked, ranked)
    const wide = idsOf(terms.flat(), ranked)
    const merged = fuse([direct, wide, idsOf([...asked, ...feedback(fuse([direct, wide]).map(([id]) => id))], ranked)])
    const coverage = coverages(terms)
    return merged
      .map(([id, score]) => ({ passage: passages[id - 1], score, coverage: coverage.get(id) ?? 0 }))
      .filter((found) => found.coverage >= COVERAGE_MIN)
      .sort((a, b) => b.score * b.coverage - a.score * a.coverage)
      .flatMap(({ passage, coverage }) => (passage === undefined ? [] : [{ ...passage, coverage }]))
      .slice(0, RESULTS_MAX)
  }

  return { size: passages.length, search }
}

function fill(database: DatabaseSync, passages: readonly Passage[]): DatabaseSync {
  database.exec(`CREATE VIRTUAL TABLE passages USING fts5(title, heading, text, tokenize = 'porter unicode61');
    CREATE VIRTUAL TABLE stems USING fts5vocab(passages, 'instance');
    CREATE VIRTUAL TABLE spread USING fts5vocab(passages, 'row');`)
  const insert = database.prepare('INSERT INTO passages (rowid, title, heading, text) VALUES (?, ?, ?, ?)')
  for (const [index, { title, heading, text }] of passages.entries()) insert.run(index + 1, title, heading, text)
  return database
}

/** Merges rankings: each gives 1 / (60 + rank) to what it holds. */
function fuse(rankings: readonly (readonly number[])[]): [number, number][] {
  const scores = new Map<number, number>()
  for (const ranking of rankings)
    for (const [rank, id] of ranking.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (FUSION_RANK + rank + 1))
  return [...scores].sort((a, b) => b[1] - a[1])
}
