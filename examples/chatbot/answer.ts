/** The answer without a model: the best passages, word by word as they stand in the docs, with their links. */
import type { Found } from './knowledge/knowledge-base.ts'

export const NOTHING_FOUND =
  'I found nothing about that in the docs, so I will not guess. I know Pilotflame only: its events, automations, flows, runs, streams and hooks, and the pilot command.'

/** A second passage is quoted only when it supports the question nearly as well as the best. */
const SECOND_MIN = 0.9
const QUOTED_MAX = 2
const PASSAGE_CHARS_MAX = 1_200

/** Quotes of what was found, or the sentence that there is nothing. */
export function quoteAnswer(found: readonly Found[]): string {
  const [best] = found
  if (best === undefined) return NOTHING_FOUND
  const supported = found.filter(({ coverage }) => coverage >= best.coverage * SECOND_MIN)
  const quotes = supported.slice(0, QUOTED_MAX).map(quote)
  const further = supported.slice(QUOTED_MAX).map(({ heading, link }) => `- ${heading}: ${link}`)
  return [...quotes, ...(further.length > 0 ? [`See also:\n${further.join('\n')}`] : [])].join('\n\n')
}

const quote = ({ heading, text, link }: Found): string => `${heading}\n\n${shorten(text)}\n\nFrom ${link}`

/** Whole blocks of the passage up to the limit, never half a code block; the first block always. */
function shorten(text: string): string {
  if (text.length <= PASSAGE_CHARS_MAX) return text
  const kept: string[] = []
  let chars = 0
  for (const block of blocksOf(text)) {
    if (kept.length > 0 && chars + block.length > PASSAGE_CHARS_MAX) return `${kept.join('\n\n')}\n\n[…]`
    kept.push(block)
    chars += block.length
  }
  return kept.join('\n\n')
}

/** Paragraphs and code blocks; blank lines inside a code block do not part it. */
export function blocksOf(text: string): readonly string[] {
  const blocks: string[] = []
  let open = false
  for (const part of text.split(/\n{2,}/)) {
    if (open) blocks.push(`${blocks.pop() ?? ''}\n\n${part}`)
    else blocks.push(part)
    if ((part.match(/^\s*```/gm) ?? []).length % 2 === 1) open = !open
  }
  return blocks
}

/** The text in words, each with the space behind it: joined they are the text again. */
export const wordsOf = (text: string): readonly string[] => text.match(/\s*\S+\s*/g) ?? []
