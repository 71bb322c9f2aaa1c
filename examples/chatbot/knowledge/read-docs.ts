/** Reads every Markdown page of a folder, its subfolders included, as passages. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { type Passage, splitPage } from './split.ts'

/** Tables that are made by a program: they answer no question, and their many words match any. */
const GENERATED: ReadonlySet<string> = new Set(['compatibility.md'])

/** Links start with the folder's own name: `docs/events.md#…`. Throws a sentence when the folder cannot be read. */
export function readDocs(folder: string): readonly Passage[] {
  const pages = listPages(folder)
  if (pages.length === 0) throw new Error(`There are no Markdown pages in ${folder}. Set CHATBOT_DOCS to a folder that has some.`)
  return pages.flatMap((page) => splitPage(`${basename(folder)}/${page}`, readFileSync(join(folder, page), 'utf8')))
}

function listPages(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !GENERATED.has(basename(name)))
      .map((name) => name.split(sep).join('/'))
      .sort()
  } catch (error) {
    throw new Error(`The docs in ${folder} cannot be read. Set CHATBOT_DOCS to a folder with Markdown pages.`, { cause: error })
  }
}
