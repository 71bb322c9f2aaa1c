// Bundles what a user installs: everything in one folder, so that a start reads few files. Types stand beside it.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from './prepare.mjs'

const TARGET = join(ROOT, 'packages', 'pilotflame')
const DIST = join(TARGET, 'dist')
/** It is built beside, and takes its place as a whole: what runs meanwhile finds the one or the other. */
const NEXT = join(ROOT, '.build', `dist-${process.pid}`)
process.on('exit', () => rmSync(NEXT, { recursive: true, force: true })) // where a step has failed
const withTypes = process.argv.includes('--types')

const source = (pkg, file) => join(ROOT, 'packages', pkg, 'src', file)
/** What a user's program imports, and so each of its processes: it shares nothing with the rest, which is much larger. */
const LIBRARY = { index: source('pilotflame', 'index.ts') }
const PROGRAMS = {
  pilot: source('pilotflame', 'pilot.ts'),
  start: source('pilotflame', 'start.ts'),
  server: source('pilotflame', 'server.ts'),
}
/** Threads stand beside the program that starts them, and share nothing with it: a thread loads only what it uses. */
const THREADS = {
  'reader-thread': source('server', 'store/reader-thread.ts'),
  'beat-thread': source('sdk', 'executor/beat-thread.ts'),
}

/** Loaded by Node before a program, which is why it is plain JavaScript. */
const PRELOAD = source('pilotflame', 'host/compile-whole.mjs')

const { version } = JSON.parse(readFileSync(join(TARGET, 'package.json'), 'utf8'))

/** @param {Record<string, string>} entryPoints */
const bundle = (entryPoints, splitting) =>
  build({
    entryPoints,
    splitting,
    outdir: NEXT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    legalComments: 'none',
    external: ['esbuild'],
    define: { 'process.env.PILOTFLAME_VERSION': JSON.stringify(version) },
    // Some bundled packages still call require() for Node's own modules.
    banner: {
      js: "import { createRequire as pilotflameRequire } from 'node:module'; const require = pilotflameRequire(import.meta.url);",
    },
    logLevel: 'error',
  })

await bundle(LIBRARY, true)
await bundle(Object.fromEntries(Object.entries(PROGRAMS).filter(([, file]) => existsSync(file))), true)
await bundle(THREADS, false)
cpSync(PRELOAD, join(NEXT, basename(PRELOAD)))
for (const name of ['README.md', 'LICENSE']) cpSync(join(ROOT, name), join(TARGET, name))
if (withTypes) buildTypes()
replaceDist()

function replaceDist() {
  const before = `${NEXT}-before`
  if (existsSync(DIST)) renameSync(DIST, before)
  renameSync(NEXT, DIST)
  rmSync(before, { recursive: true, force: true })
}

/** The declarations of the private packages travel with the published one, and point at each other by path. */
function buildTypes() {
  execFileSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-b'], { cwd: ROOT, stdio: 'inherit' })
  const types = join(NEXT, 'types')
  for (const pkg of ['core', 'sdk', 'server', 'worker', 'pilotflame']) {
    cpSync(join(ROOT, 'packages', pkg, 'types'), join(types, pkg), {
      recursive: true,
      filter: (path) => !path.endsWith('.tsbuildinfo'),
    })
  }
  for (const file of readdirSync(types, { recursive: true }).map((name) => join(types, name))) {
    if (file.endsWith('.d.ts')) writeFileSync(file, rewrite(readFileSync(file, 'utf8'), file, types))
  }
}

function rewrite(text, file, types) {
  return text
    .replaceAll(/(['"])@pilotflame\/(\w+)(?:\/(internal))?\1/g, (_, quote, pkg, entry = 'index') => {
      const path = relative(dirname(file), join(types, pkg, `${entry}.js`))
      return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
    })
    .replaceAll(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1')
}
