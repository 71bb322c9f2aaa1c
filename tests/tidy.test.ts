/** The architecture's own rules, each with its reason. What the compiler can hold (imports between packages) it holds. */
import { expect, test } from 'vitest'
import { type SourceFile, shipped, sourceFiles } from './source-files.ts'

const inFolder = (folder: string) => (file: SourceFile) => file.path.startsWith(`${folder}/`)

/** Names each place where `pattern` stands in the code of `files`. */
function places(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    [...code.matchAll(new RegExp(pattern, 'g'))].map((match) => `${path}: ${match[0].trim()}`),
  )
}

const core = shipped.filter(inFolder('packages/core/src'))
const server = shipped.filter(inFolder('packages/server/src'))

test('core decides without clock, randomness, network or disk, so every decision can be tested and simulated', () => {
  expect(
    places(core, /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bMath\.random\b|\bsetTimeout\(|\bsetInterval\(|\bcrypto\./),
  ).toEqual([])
  expect(
    core.flatMap(({ path, imports }) => imports.filter((name) => name.startsWith('node:')).map((name) => `${path}: ${name}`)),
  ).toEqual([])
})

test('the server touches clock, timers and randomness in its ports only, so that a simulation can replace them', () => {
  // The page's own script runs in a browser.
  const outside = server.filter((file) => !inFolder('packages/server/src/system')(file) && !file.path.endsWith('/api/page.ts'))
  expect(
    places(outside, /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bMath\.random\b|\bsetTimeout\(|\bsetInterval\(|\bhrtime\b/),
  ).toEqual([])
})

test('sockets and processes are opened at the edges of the server only', () => {
  const edges = /^packages\/server\/src\/(system|api|dispatch\/socket-listener|practice\/wires)/
  const found = server
    .filter(({ path }) => !edges.test(path))
    .flatMap(({ path, valueImports }) =>
      valueImports.filter((name) => /^(node:net|node:child_process|node:http|ws)$/.test(name)).map((name) => `${path}: ${name}`),
    )
  expect(found).toEqual([])
})

test('SQL stands in the store only, so that a second database can join', () => {
  const outside = shipped.filter((file) => !inFolder('packages/server/src/store')(file))
  expect(places(outside, /['"`]\s*(?:SELECT\s.+\sFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b/i)).toEqual(
    [],
  )
  expect(outside.flatMap(({ path, imports }) => imports.filter((name) => name === 'node:sqlite').map(() => path))).toEqual([])
})

/** Which folders of the server may import which: a lower one never knows a higher one. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  store: [],
  system: [],
  executors: ['store'],
  engine: ['executors', 'store'],
  streams: ['engine', 'store'],
  automations: ['engine', 'store'],
  events: ['engine', 'store'],
  scheduler: ['engine', 'store'],
  dispatch: ['automations', 'engine', 'executors', 'store', 'streams'],
  auth: ['store'],
  api: ['auth', 'store', 'streams'],
  // A whole server of its own, for nobody.
  practice: ['api', 'dispatch', 'engine', 'store', 'system'],
}

test('folders of the server know only those below them', () => {
  const folderOf = (path: string) => /^packages\/server\/src\/([^/]+)\//.exec(path)?.[1]
  const wrong = server.flatMap(({ path, imports }) => {
    const own = folderOf(path)
    return imports
      .map((name) => ({ name, folder: folderOf(name) }))
      .filter(({ folder }) => own !== undefined && folder !== undefined && folder !== own && !MAY_IMPORT[own]?.includes(folder))
      .map(({ name }) => `${path} → ${name}`)
  })
  expect(wrong).toEqual([])
})

test('no file imports itself by a detour: a cycle cannot be read from any end', () => {
  const byPath = new Map(shipped.map((file) => [file.path, file]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) {
      cycles.push([...trail.slice(at), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const name of byPath.get(path)?.valueImports ?? []) if (byPath.has(name)) visit(name, [...trail, path])
    done.add(path)
  }
  for (const { path } of shipped) visit(path, [])
  expect(cycles).toEqual([])
})

/** A file that has grown past this hides a decision among its I/O. Generated tables are listed by name. */
const LINES_MAX = 500
const TEST_LINES_MAX = 800
const GENERATED = ['packages/core/src/api/prefect-operations.ts']

test('no source file is longer than 500 lines, and no test than 800', () => {
  const long = sourceFiles.filter(
    ({ path, text }) =>
      text.split('\n').length > (path.includes('test') ? TEST_LINES_MAX : LINES_MAX) && !GENERATED.includes(path),
  )
  expect(long.map(({ path }) => path)).toEqual([])
})

test('files are named in kebab-case for the one thing inside, and never utils or helpers', () => {
  const bad = shipped.filter(
    ({ path }) => !/\/[a-z0-9]+(-[a-z0-9]+)*(\.\w+)?\.ts$/.test(path) || /\/(utils?|helpers?|misc)\.ts$/.test(path),
  )
  expect(bad.map(({ path }) => path)).toEqual([])
})

test('no hole in the types: what the compiler cannot see, nobody checks', () => {
  expect(
    places(sourceFiles, /\bas any\b|:\s*any\s*[;,)=>\]|]|@ts-ignore|@ts-expect-error|@ts-nocheck/).filter(
      (place) => !place.startsWith('tests/tidy'),
    ),
  ).toEqual([])
})

test('a task that is left names its issue', () => {
  const loose = sourceFiles.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(TODO|FIXME|XXX)\b(?!.*#\d+)/g)].map((match) => `${path}: ${match[0]}`),
  )
  expect(loose.filter((place) => !place.startsWith('tests/tidy'))).toEqual([])
})
