/** What `run.stream` takes. */
import { AppError } from '@pilotflame/core'

/** A chunk is no longer than this; a longer text leaves as several. */
const CHUNK_CHARACTERS_MAX = 1_000_000

/** Throws `invalid_request` for what is no text. */
export function checkText(text: unknown): asserts text is string {
  if (typeof text === 'string') return
  throw new AppError(
    'invalid_request',
    `run.stream takes text, and got ${text === null ? 'null' : typeof text}. Turn it into text first.`,
  )
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** `text` in pieces that a chunk can hold; never between the two halves of one character. */
export function* piecesOf(text: string, charactersMax = CHUNK_CHARACTERS_MAX): Generator<string> {
  let from = 0
  while (text.length - from > charactersMax) {
    const end = from + charactersMax - (isHighSurrogate(text.charCodeAt(from + charactersMax - 1)) ? 1 : 0)
    yield text.slice(from, end)
    from = end
  }
  if (from < text.length) yield text.slice(from)
}
