// Makes a fresh clone ready: installs what is missing and builds what is out of date, and says what it does.
// Runs on any Node, so it keeps to plain old syntax, and it imports nothing that has to be installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const STATE = join(ROOT, '.build')
const NODE_MIN = 20

/** Ends with one sentence and an exit code; never with a stack trace. */
export function fail(sentence, code) {
  process.stderr.write(`${sentence}\n`)
  process.exit(code === undefined ? 1 : code)
}

const say = (text) => process.stderr.write(`${text}\n`)

export function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < NODE_MIN) {
    fail(`Node ${process.versions.node} is too old to install Pilotflame: use Node ${NODE_MIN} or later (https://nodejs.org).`, 2)
  }
}

/** The Node that npm installed for this project, so that an older one on the machine does not matter. */
export const projectNode = () => join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

const digest = (text) => createHash('sha256').update(text).digest('hex')

function readState(name) {
  try {
    return readFileSync(join(STATE, name), 'utf8')
  } catch {
    return ''
  }
}

function writeState(name, text) {
  try {
    mkdirSync(STATE, { recursive: true })
    writeFileSync(join(STATE, name), text)
  } catch (error) {
    fail(explain(error, STATE))
  }
}

/** One sentence for what the operating system said. */
function explain(error, place) {
  if (error.code === 'ENOSPC')
    return `The disk is full: nothing more can be written to ${place}. Free some space and start again.`
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    return `There is no permission to write to ${place}. Change its owner, or clone the project into a folder of yours.`
  }
  return `${place} cannot be written: ${error.message}`
}

export function install() {
  const lock = digest(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  if (readState('installed') === lock && existsSync(projectNode())) return
  say('Installing packages …')
  // Not `npm ci`: it refuses a lock file where the registry lacks a build of a package for some other platform.
  const started = Date.now()
  const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  if (result.error) fail(`npm could not be started (${result.error.message}). Install it together with Node, and start again.`)
  if (result.status !== 0) fail(installSentence(`${result.stdout}\n${result.stderr}`))
  writeState('installed', lock)
  say(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`)
}

function installSentence(output) {
  if (output.includes('ENOSPC')) return explain({ code: 'ENOSPC' }, ROOT)
  if (/EACCES|EPERM|EROFS/.test(output)) return explain({ code: 'EACCES' }, join(ROOT, 'node_modules'))
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/.test(output)) {
    return 'The npm registry cannot be reached: check the network (or "npm config get registry"), and start again.'
  }
  const lines = output.split('\n').filter((line) => line.startsWith('npm error'))
  return `The packages could not be installed: ${lines.slice(0, 3).join(' ').replaceAll('npm error ', '') || output.trim().slice(-400)}`
}

/** Every file that the build reads, with its size and time: cheaper than reading them, and as good. */
function sources() {
  const lines = []
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (['node_modules', 'dist', 'types'].includes(entry.name) || entry.name.endsWith('.test.ts')) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (!entry.name.endsWith('.tsbuildinfo')) {
        const { size, mtimeMs } = statSync(path)
        lines.push(`${path} ${size} ${mtimeMs}`)
      }
    }
  }
  walk(join(ROOT, 'packages'))
  walk(join(ROOT, 'scripts'))
  return digest(lines.sort().join('\n'))
}

/** What the build said, without Node's stack trace: where the code is wrong, the lines that say where. */
function buildSentence(output) {
  const code = /ENOSPC|EACCES|EPERM|EROFS/.exec(output)
  if (code) return explain({ code: code[0] }, `${join(ROOT, 'packages', 'pilotflame')} or ${STATE}`)
  const said = /^\w*Error\b.*(\n(?! {4}at ).*)*/m.exec(output)
  return `The build failed: ${said ? said[0] : output.trim().slice(-400)}`
}

export function build() {
  const now = sources()
  if (readState('built') === now && existsSync(join(ROOT, 'packages', 'pilotflame', 'dist', 'pilot.js'))) return
  say('Building …')
  const started = Date.now()
  const result = spawnSync(projectNode(), [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT, encoding: 'utf8' })
  if (result.error) fail(`The build could not be started: ${result.error.message}`)
  if (result.status !== 0) fail(buildSentence(result.stderr || result.stdout))
  writeState('built', sources())
  say(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.`)
}
