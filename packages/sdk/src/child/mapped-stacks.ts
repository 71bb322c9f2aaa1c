/**
 * Stacks name the places that people wrote, and not those of the bundle. The map is read when the first error asks for
 * its stack: Node's own `--enable-source-maps` reads it at every start, which is 9 ms of CPU.
 */
import { readFileSync } from 'node:fs'
import type { SourceMap } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

function readMap(path: string): SourceMap | undefined {
  try {
    const { SourceMap: Reader } = process.getBuiltinModule('node:module')
    return new Reader(JSON.parse(readFileSync(`${path}.map`, 'utf8')))
  } catch {
    return undefined // the program is no bundle
  }
}

const asPath = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : url)

/** `at name (file:line:column)`, as V8 writes it. */
function frameLine(frame: NodeJS.CallSite, bundle: string, map: SourceMap): string {
  const text = String(frame)
  const file = frame.getFileName()
  const line = frame.getLineNumber()
  const column = frame.getColumnNumber()
  if (file !== bundle || line === null || column === null) return `    at ${text}`
  const origin = map.findOrigin(line, column)
  if (!('fileName' in origin)) return `    at ${text}`
  const source = asPath(new URL(origin.fileName, bundle).href)
  const place = `${source}:${origin.lineNumber}:${origin.columnNumber}`
  return `    at ${text.includes('(') ? text.replace(/\([^()]*\)$/, `(${place})`) : place}`
}

/** Set by a bundle, which names the file that people have written as its program. */
const PLACE = Symbol.for('pilotflame.bundle')

const bundlePath = (): string | undefined => (globalThis as { [PLACE]?: string })[PLACE] ?? process.argv[1]

/** From now on. Whoever sets `Error.prepareStackTrace` after it has the say. */
export function mapStacks(program = bundlePath()): void {
  if (program === undefined) return
  const bundle = pathToFileURL(program).href
  let map: SourceMap | undefined
  let read = false
  Error.prepareStackTrace = (error, frames) => {
    if (!read) map = readMap(program)
    read = true
    const head = String(error)
    if (frames.length === 0) return head
    const lines = frames.map((frame) => (map === undefined ? `    at ${frame}` : frameLine(frame, bundle, map)))
    return `${head}\n${lines.join('\n')}`
  }
}
