/**
 * Finds a Python, and makes the virtual environment that the cases run in. It is kept in the folder `.cache` under a
 * name made of the pinned versions and Python's own, so it is made once, and again when one of them changes.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/conformance', import.meta.url))
const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']
const MINOR_MIN = 10

/** A Python that can be used, or why there is none. */
type Found = { readonly program: string; readonly version: string } | { readonly missing: string }

const run = (program: string, args: readonly string[]) => spawnSync(program, args, { encoding: 'utf8' })

function findPython(): Found {
  for (const program of NAMES) {
    const { status, stdout } = run(program, ['-c', 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3])'])
    const [major = 0, minor = 0] = stdout?.trim().split('.').map(Number) ?? []
    if (status === 0 && major === 3 && minor >= MINOR_MIN) return { program, version: stdout.trim() }
  }
  return { missing: `There is no Python 3.${MINOR_MIN} or newer with venv and pip here (looked for ${NAMES.join(', ')}).` }
}

export interface PythonEnvironment {
  /** Where its programs are: python, prefect. */
  readonly bin: string
  readonly version: string
}

/** Makes the environment, unless it is there; a sentence where no Python is. Throws when the packages cannot be installed. */
export function preparePython(say: (line: string) => void): PythonEnvironment | { readonly missing: string } {
  const found = findPython()
  if ('missing' in found) return found
  const pinned = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 8)
  const folder = join(CACHE, `python-${found.version}-${pinned}`)
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin')
  const done = join(folder, 'installed')
  if (!existsSync(done)) makeEnvironment(found.program, folder, bin, done, say)
  return { bin, version: found.version }
}

function makeEnvironment(program: string, folder: string, bin: string, done: string, say: (line: string) => void): void {
  say(`Installing Prefect's client for Python into ${folder} …`)
  mkdirSync(CACHE, { recursive: true })
  for (const old of readdirSync(CACHE)) if (old.startsWith('python-')) rmSync(join(CACHE, old), { recursive: true, force: true })
  const made = run(program, ['-m', 'venv', folder])
  if (made.status !== 0) throw new Error(`"${program} -m venv" failed: ${made.stderr.trim().slice(-400)}`)
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]
  const installed = run(join(bin, 'python'), args)
  if (installed.status !== 0) throw new Error(`pip could not install the packages: ${installed.stderr.trim().slice(-400)}`)
  writeFileSync(done, '')
}
