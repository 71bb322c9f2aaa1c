/**
 * Finds the passages that answer a question, in an SQLite full-text index in memory.
 *
 * Order: three rankings (the words asked; those with their synonyms; those with the words that the best
 * passages have in common) are merged by rank, and weighed with how well the heading fits.
 * Relevance is decided apart from the order, in `relevance.ts`: a question about something else finds nothing.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { feedbackOf } from './feedback.ts'
import { fuse } from './fuse.ts'
import { type Coverage, coverageOf, defines, supports, supportsOneWord } from './relevance.ts'
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

const RESULTS_MAX = 5
const RANKED_MAX = 30
/** Less than this part of the best one's score is noise beside it. */
const SCORE_MIN = 0.4
/** Weights of the page's title, the heading and the text. */
const BM25 = 'bm25(passages, 2.0, 6.0, 1.0)'

/** Builds the index once; every search only reads from it. */
export function buildKnowledgeBase(passages: readonly Passage[]): KnowledgeBase {
  const database = fill(passages)
  const ranked = database.prepare(`SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY ${BM25} LIMIT ${RANKED_MAX}`)
  const holding = database.prepare('SELECT rowid FROM passages WHERE passages MATCH ?')
  const headingTerms = passages.map(({ heading }) => termsOf(heading.replaceAll('_', ' ')).length)
  const feedback = feedbackOf(database, passages.length)

  function rank(terms: readonly Term[]): ReadonlyMap<number, number> {
    const asked = terms.map(({ word }) => word)
    const direct = idsOf(ranked, matching(asked))
    const wide = idsOf(ranked, matching(terms.flatMap(({ word, synonyms }) => [word, ...synonyms])))
    const best = [...fuse([direct, wide]).keys()]
    return fuse([direct, wide, idsOf(ranked, matching([...asked, ...feedback(best)]))])
  }

  /** 1 when the heading says exactly what was asked, 0 when it says nothing of it. */
  const headingFit = (id: number, held: Coverage, terms: readonly Term[]): number =>
    (2 * (held.inHeading.get(id) ?? 0)) / Math.max(1, terms.length + (headingTerms[id - 1] ?? 0))

  /** How well the passage is an answer, beside its words: up to 1.5, and twice that for a definition that was asked for. */
  function fit(id: number, held: Coverage, terms: readonly Term[]): number {
    const passage = passages[id - 1]
    const isDefinition = passage !== undefined && defines(terms, passage)
    return (0.5 + headingFit(id, held, terms)) * (isDefinition ? 2 : 1)
  }

  function search(question: string): readonly Found[] {
    const terms = termsOf(question)
    const held = coverageOf(terms, passages.length, (words, column) => idsOf(holding, matching(words, column)))
    const supported = [...rank(terms)]
      .filter(([id]) => supports(terms, held, id))
      .map(([id, score]) => weigh(id, score * fit(id, held, terms), held.share.get(id) ?? 0))
      .sort((a, b) => b.score - a.score)
    const scoreMin = (supported[0]?.score ?? 0) * SCORE_MIN
    return supported
      .filter(({ score }) => score >= scoreMin)
      .flatMap(({ id, coverage }) => foundOf(passages[id - 1], coverage))
      .filter((found) => supportsOneWord(terms, found))
      .slice(0, RESULTS_MAX)
  }

  return { size: passages.length, search }
}

const weigh = (id: number, score: number, coverage: number) => ({ id, score: score * coverage, coverage })

const foundOf = (passage: Passage | undefined, coverage: number): readonly Found[] =>
  passage === undefined ? [] : [{ ...passage, coverage }]

function fill(passages: readonly Passage[]): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.exec("CREATE VIRTUAL TABLE passages USING fts5(title, heading, text, tokenize = 'porter unicode61')")
  const insert = database.prepare('INSERT INTO passages (rowid, title, heading, text) VALUES (?, ?, ?, ?)')
  for (const [index, { title, heading, text }] of passages.entries()) insert.run(index + 1, title, heading, text)
  return database
}

/** Full-text search for any of the words, in one column or in all. */
function matching(words: readonly string[], column?: string): string {
  const any = words.map((word) => `"${word.replaceAll('"', '""')}"`).join(' OR ')
  return column === undefined || any === '' ? any : `${column} : (${any})`
}

const idsOf = (statement: StatementSync, match: string): readonly number[] =>
  match === '' ? [] : statement.all(match).map((row) => Number(row.rowid))
