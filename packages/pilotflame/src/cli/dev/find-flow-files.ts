/** Finds the files of a folder that hold flows, by what stands in them: nothing is run for it. */
import { readdirSync, readFileSync } from 'node:fs'
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

/** Hidden folders, packages and what was built are left out. */
export function findFlowFiles(folder: string): FlowFile[] {
  const found: FlowFile[] = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...findFlowFiles(path))
    else if (entry.isFile() && mayHoldFlows(entry.name)) {
      const kind = kindOf(readFileSync(path, 'utf8'))
      if (kind) found.push({ path, kind })
    }
  }
  return found.sort((a, b) => a.path.localeCompare(b.path))
}
