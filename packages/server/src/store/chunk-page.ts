/** A page of a run's chunks: of so many, and of not much more text than this, because one chunk may have megabytes. */
import type { Chunk } from '@pilotflame/core'
import { toChunk } from './rows.ts'
import type { Statements } from './statements.ts'

/** The chunk that brings a page to so much text is its last one. */
const CHARACTERS_MAX = 1_000_000

const CHUNKS_AFTER = `select * from chunk where flow_run_id = ? and (attempt, n) > (?, ?) order by attempt, n limit ?`

export function readChunks(statements: Statements, runId: string, after: { attempt: number; n: number }, limit: number): Chunk[] {
  const page: Chunk[] = []
  let characters = 0
  for (const row of statements.each(CHUNKS_AFTER, runId, after.attempt, after.n, limit)) {
    const chunk = toChunk(row)
    page.push(chunk)
    characters += chunk.text.length
    if (characters >= CHARACTERS_MAX) break
  }
  return page
}

/** Whether there may be more behind it. */
export const isFull = (page: readonly Chunk[], limit: number): boolean =>
  page.length === limit || page.reduce((sum, { text }) => sum + text.length, 0) >= CHARACTERS_MAX
