/**
 * A program and what it imports of the project as one file; packages stay where they are. A file still sees its own
 * `import.meta`: its address, and that the program's file is the main one.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AppError } from '@pilotflame/core'
import type { BuildFailure, BuildOptions, Loader, Message, Plugin, TransformOptions } from 'esbuild'
import { bundleOwnPackages } from './own-packages.ts'

export interface Bundle {
  readonly path: string
  /** Names its content. */
  readonly digest: string
  readonly chars: number
  /** Names the code it was made of: the same on every machine, in whatever folder the project is. */
  readonly version: string
  /** The project's own files that it was made of. */
  readonly inputs: ReadonlySet<string>
}

export interface Program {
  /** The file that packages are found from, and that the bundle is named for. */
  readonly file: string
  /** The program's text, where it is not that file's own. */
  readonly text?: string
  /** True: Pilotflame itself and packages of the same workspace are part of it, so that a start reads one file. Default: false. */
  readonly whole?: boolean
}

const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
}
/** What a file says of where it is, and of whether it is the main one. */
const OF_FILE = /import\.meta|__dirname|__filename|require\.main/

/** The folder that packages are found from: the nearest one above that has some, or the file's own. */
function packagesFolder(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules')
    if (folder === dirname(folder)) return join(dirname(file), 'node_modules')
  }
}

const keepPlaces = (entry: string, transform: typeof import('esbuild').transform): Plugin => ({
  name: 'keep-places',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[tj]s$/, namespace: 'file' }, async ({ path }) => {
      const loader = LOADERS[extname(path)]
      const text = await readFile(path, 'utf8')
      if (loader === undefined || !OF_FILE.test(text)) return undefined
      const options: TransformOptions = {
        loader,
        sourcefile: path,
        sourcemap: 'inline',
        define: {
          'import.meta.url': JSON.stringify(pathToFileURL(path).href),
          'import.meta.filename': JSON.stringify(path),
          'import.meta.dirname': JSON.stringify(dirname(path)),
          'import.meta.main': String(path === entry),
          'require.main': path === entry ? 'module' : 'undefined',
          __dirname: JSON.stringify(dirname(path)),
          __filename: JSON.stringify(path),
        },
      }
      try {
        const { code } = await transform(text, options)
        return { contents: code, loader: 'js', resolveDir: dirname(path) }
      } catch (cause) {
        if (isBuildFailure(cause)) return { errors: cause.errors }
        throw cause
      }
    })
  },
})

const sayMessage = ({ text, location }: Message): string =>
  location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}\n  ${location.lineText.trim()}`

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors)

/** Where the bundle of a running program is: its `process.argv[1]` names the file that people have written. */
const BUNDLE_PLACE = 'pilotflame.bundle'

/** Many programs ask whether they are the main one by `process.argv[1]`. */
const programIs = (file: string): string =>
  `globalThis[Symbol.for('${BUNDLE_PLACE}')] = process.argv[1]; process.argv[1] = ${JSON.stringify(file)};`

/** It may have been compiled as a whole (see `host/compile-whole.mjs`); what it loads is not. */
const COMPILE_LAZILY = "process.getBuiltinModule('node:v8').setFlagsFromString('--lazy');"

/** Code that was bundled as a module and calls `require` still finds it. */
const requireOf = (file: string): string =>
  `globalThis.require ??= process.getBuiltinModule('node:module').createRequire(${JSON.stringify(pathToFileURL(file).href)});`

function entryOf({ file, text }: Program): BuildOptions {
  if (text === undefined) return { entryPoints: [file] }
  return { stdin: { contents: text, resolveDir: dirname(file), sourcefile: `${file}.serve.mjs`, loader: 'js' } }
}

const BUNDLE = 'bundle.mjs'

/** Over the project's own files and where they are to each other. */
async function versionOf(folder: string, inputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of [...inputs].sort()) hash.update(`${relative(folder, path)}\n`).update(await readFile(path))
  return hash.digest('hex').slice(0, 16)
}

/** Bundles that nobody has made anew for so long go: a host of theirs would be that old. */
const KEPT_MS = 30 * 24 * 3_600_000

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const age = Date.now() - (await stat(path)).mtimeMs
    if (age > KEPT_MS && /\.mjs(\.map)?$/.test(name)) await rm(path, { force: true })
  }
}

/** Nobody ever reads half of it: another host may start processes of the same bundle at this moment. */
async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID()}`
  await writeFile(part, text)
  await rename(part, path)
}

async function writeBundle(path: string, text: string, map: string | undefined): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    if (map !== undefined) await writeWhole(`${path}.map`, map)
    await writeWhole(path, text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AppError(
      'invalid_request',
      `The program cannot be written as one file: ${why}. Allow writing to ${dirname(path)}.`,
      {
        cause,
      },
    )
  }
  await removeOld(dirname(path)).catch(() => undefined) // somebody else tidies up as well
}

/** The place where the file, or one that it imports, cannot be read as TypeScript; undefined where all can be. */
export async function findFault(file: string): Promise<string | undefined> {
  const { build } = await import('esbuild')
  try {
    await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      write: false,
      logLevel: 'silent',
    })
    return undefined
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause
    return cause.errors.map(sayMessage).join('\n')
  }
}

/** Throws `invalid_request` with the place where the file cannot be read as TypeScript, or names what it cannot find. */
export async function bundleProgram(program: Program): Promise<Bundle> {
  const { build, transform } = await import('esbuild')
  const { file, whole = false } = program
  try {
    const folder = join(packagesFolder(file), '.pilotflame')
    const result = await build({
      ...entryOf(program),
      outfile: join(folder, BUNDLE), // where source maps count from
      absWorkingDir: dirname(file),
      bundle: true,
      ...(whole ? {} : { packages: 'external' as const }),
      format: 'esm',
      platform: 'node',
      target: 'node22',
      // Node reads an inline map at every start (9 ms of CPU); a process of a host reads its file when there is an error.
      sourcemap: whole ? 'external' : 'inline',
      write: false,
      metafile: true,
      logLevel: 'silent',
      plugins: [...(whole ? [bundleOwnPackages] : []), keepPlaces(program.text === undefined ? file : '', transform)],
    })
    const output = (name: string) => result.outputFiles.find(({ path }) => path.endsWith(name))?.text
    const built = output(BUNDLE) ?? ''
    const map = output(`${BUNDLE}.map`)
    const place = program.text === undefined && whole ? programIs(file) : ''
    const text = `${whole ? COMPILE_LAZILY : ''}${place}${built.includes('__require(') ? requireOf(file) : ''}${built}`
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
    const path = join(folder, `${basename(file).replace(/\.\w+$/, '')}-${digest}.mjs`)
    await writeBundle(path, text, map)
    const inputs = Object.keys(result.metafile.inputs)
      .map((input) => resolve(dirname(file), input))
      .filter((input) => existsSync(input))
    return { path, digest, chars: text.length, version: await versionOf(dirname(file), inputs), inputs: new Set(inputs) }
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause
    throw new AppError('invalid_request', cause.errors.map(sayMessage).join('\n'), { cause })
  }
}
