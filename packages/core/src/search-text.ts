/**
 * A search as people type it: words of which one is enough, `+word` that must be there, `-word` or `!word` that must
 * not, and "several words" as one. Upper and lower case are alike.
 */
export interface Search {
  readonly any: readonly string[]
  readonly all: readonly string[]
  readonly none: readonly string[]
}

const TERM = /([-!+]?)(?:"((?:\\.|[^"\\])*)(?:"|$)|([^\s"]+))/g

export function parseSearch(query: string): Search {
  const found = { any: [] as string[], all: [] as string[], none: [] as string[] }
  for (const [, sign = '', phrase, word = ''] of query.matchAll(TERM)) {
    const term = (phrase === undefined ? word : phrase.replace(/\\(["\\])/g, '$1')).toLowerCase()
    if (term.trim() === '') continue
    const list = sign === '+' ? found.all : sign === '' ? found.any : found.none
    list.push(term)
  }
  return found
}
