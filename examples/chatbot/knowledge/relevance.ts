/**
 * Whether a passage supports a question: it has to hold most of what was asked. A rare word weighs more than a
 * frequent one, a word that no passage knows weighs most, and a synonym counts a little less than the word.
 */
import type { Passage } from './split.ts'
import type { Term } from './words.ts'

/** Less of the question than this is no answer to it; chosen on the questions of `questions.ts`. */
const COVERAGE_MIN = 0.72
const SYNONYM_COUNTS = 0.85

export interface Coverage {
  /** Passage → the share of the question's weight that it holds. */
  readonly share: ReadonlyMap<number, number>
  /** Passage → how many of the question's terms it holds. */
  readonly terms: ReadonlyMap<number, number>
  /** Passage → how many of them its heading holds. */
  readonly inHeading: ReadonlyMap<number, number>
}

/** How much a word says, by the number of passages that hold it. */
export const rarity = (holders: number, size: number): number => Math.log((size + 1) / (holders + 0.5))

type Holders = (words: readonly string[], column?: string) => readonly number[]

/** `holders` finds the passages with any of the words, in one column or in all. */
export function coverageOf(terms: readonly Term[], size: number, holders: Holders): Coverage {
  const share = new Map<number, number>()
  const held = new Map<number, number>()
  const inHeading = new Map<number, number>()
  const add = (to: Map<number, number>, id: number, amount: number) => to.set(id, (to.get(id) ?? 0) + amount)
  let whole = 0
  for (const { word, synonyms } of terms) {
    const direct = new Set(holders([word]))
    const any = synonyms.length === 0 ? direct : new Set([...direct, ...holders(synonyms)])
    const weight = rarity(any.size, size)
    whole += weight
    for (const id of any) {
      add(share, id, weight * (direct.has(id) ? 1 : SYNONYM_COUNTS))
      add(held, id, 1)
    }
    for (const id of holders([word, ...synonyms], 'heading')) add(inHeading, id, 1)
  }
  for (const [id, weight] of share) share.set(id, weight / whole)
  return { share, terms: held, inHeading }
}

/** One term in three may be missing, and not much of the weight: a question of two words is held whole or not at all. */
export function supports(terms: readonly Term[], { share, terms: held }: Coverage, id: number): boolean {
  const missing = terms.length - (held.get(id) ?? 0)
  return missing <= Math.floor(terms.length / 3) && (share.get(id) ?? 0) >= COVERAGE_MIN
}

/** True for a question of one word ("what is a flow?") and the beginning of a page that says what it is ("A flow is …"). */
export function defines(terms: readonly Term[], { title, heading, text }: Passage): boolean {
  const [only, second] = terms
  if (only === undefined || second !== undefined || heading !== title) return false
  const beginning = text.toLowerCase()
  return beginning.includes(`a ${only.word} is `) || beginning.includes(`an ${only.word} is `)
}

/** A question of one word is supported by that very word, not by another with the same stem ("dating", "date"). */
export function supportsOneWord(terms: readonly Term[], { title, heading, text }: Passage): boolean {
  const [only, second] = terms
  if (only === undefined || second !== undefined) return true
  const all = `${title}\n${heading}\n${text}`.toLowerCase()
  return [only.word.replace(/(?<=..)s$/, ''), ...only.synonyms].some((word) => all.includes(word))
}
