/** The project's source files with what they import, for the tests that hold the architecture. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

export interface SourceFile {
  /** From the project's root, such as `packages/core/src/time.ts`. */
  readonly path: string
  readonly text: string
  /** The text without comments: rules are about code. */
  readonly code: string
  /** Relative imports as paths from the root; others as they stand. */
  readonly imports: readonly string[]
  /** Those of them that exist when the code runs: without `import type`. */
  readonly valueImports: readonly string[]
}

const SKIPPED = new Set(['node_modules', 'dist', 'types'])

function* walk(folder: string): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* walk(path)
    } else if (entry.name.endsWith('.ts')) yield path
  }
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g
const COMMENTS = /\/\*[\s\S]*?\*\/|(^|[^:'"`\\])\/\/[^\n]*/g

function read(path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const code = text.replace(COMMENTS, '$1')
  const found = [...code.matchAll(IMPORT)].map(([whole, a, b, c]) => {
    const name = a ?? b ?? c ?? ''
    const resolved = name.startsWith('.') ? relative(ROOT, normalize(join(dirname(path), name))) : name
    return { resolved, typeOnly: /^\s*(?:import|export)\s+type\b/.test(whole) }
  })
  return {
    path: relative(ROOT, path),
    text,
    code,
    imports: found.map(({ resolved }) => resolved),
    valueImports: found.filter(({ typeOnly }) => !typeOnly).map(({ resolved }) => resolved),
  }
}

export const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts') || /\/test\//.test(path)

export const sourceFiles: readonly SourceFile[] = ['packages', 'examples', 'bench', 'tests'].flatMap((folder) =>
  [...walk(join(ROOT, folder))].map(read),
)

/** What ships: no tests. */
export const shipped = sourceFiles.filter((file) => file.path.startsWith('packages/') && !isTest(file))
