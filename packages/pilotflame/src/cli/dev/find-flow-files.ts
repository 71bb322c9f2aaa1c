/** Finds the files of a folder that hold flows, by what stands in them: nothing is run for it. */
import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type FlowFileKind =
  /** Calls `serve` itself, so that it says what starts its flows. */
  | 'serves'
  /** Only exports flows. */
  | 'exports'

export interface FlowFile {
  readonly path: string
  readonly kind: FlowFileKind
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', 'build', 'types', 'coverage'])

export const mayHoldFlows = (name: string): boolean =>
  /\.(ts|mts|js|mjs)$/.test(name) && !/\.(test|spec|config)\.\w+$/.test(name) && !/\.d\.m?ts$/.test(name)

const IMPORTS_US = /(?:from|import)\s*\(?\s*['"](?:pilotflame|@pilotflame\/sdk)['"]/
const COMMENT = /\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g

/** What kind of flow file a text is; `undefined` for any other file. */
export function kindOf(text: string): FlowFileKind | undefined {
  const code = text.replaceAll(COMMENT, '$1')
  if (!IMPORTS_US.test(code)) return undefined
  if (/\bserve\s*\(/.test(code)) return 'serves'
  const exportsSomething = /\bexport\s+(const|let|var|default|\{)/.test(code)
  return exportsSomething && /\bflow\s*(<[^(]*>)?\(/.test(code) ? 'exports' : undefined
}

/** What `read` gives; undefined for what may not be read (a database's own folder), or has gone meanwhile. */
function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Hidden folders, packages, what was built and what may not be read are left out. Throws where the folder itself cannot be read. */
export function findFlowFiles(folder: string): FlowFile[] {
  return flowsAmong(folder, readdirSync(folder, { withFileTypes: true }))
}

const foundIn = (folder: string): FlowFile[] =>
  flowsAmong(folder, ifReadable(() => readdirSync(folder, { withFileTypes: true })) ?? [])

function flowsAmong(folder: string, entries: readonly Dirent[]): FlowFile[] {
  const found: FlowFile[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...foundIn(path))
    else if (entry.isFile() && mayHoldFlows(entry.name)) {
      const kind = kindOf(ifReadable(() => readFileSync(path, 'utf8')) ?? '')
      if (kind) found.push({ path, kind })
    }
  }
  return found.sort((a, b) => a.path.localeCompare(b.path))
}
