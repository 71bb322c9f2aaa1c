/**
 * `npm run conformance`: plays the cases in `cases/` with the real, unmodified Python client of Prefect, its command
 * line and its runner on our server, and says of each whether it went as it does on Prefect's own. `-- --reference`
 * plays the same cases there, which proves them. Without a Python that can be used it says so, and that is no failure.
 *
 *   --only WORD    cases and groups whose name has this word; may be given more than once
 *   --reference    on Prefect's own server
 *   --json         one JSON document on stdout and nothing else
 *   --record FILE  writes which cases ask for which operation
 *   --keep         keeps the folder with all logs
 *   --load         many clients at once, in place of the cases: --clients 20 for --seconds 60
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Case, Player, playAll } from './crew.ts'
import { playLoad } from './load.ts'
import { casesOfOperations } from './operations.ts'
import { type PythonEnvironment, preparePython } from './python.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { type Server, startOurs, startReference } from './servers.ts'
import { outcomeOf, type Row, rowLines, tableLines } from './table.ts'

const AUTH_STRING = 'ada:a-long-password'
/** Two cores are what most machines have to spare. */
const PROCESSES = 2

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    reference: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'string' },
    keep: { type: 'boolean', default: false },
    load: { type: 'boolean', default: false },
    clients: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
  },
})

const tell = (line: string): void => void process.stderr.write(`${line}\n`)
const show = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`)

const started = performance.now()
const python = preparePython(tell)
if ('missing' in python) {
  show(`conformance: skipped. ${python.missing}`)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'pilotflame-conformance-'))
if (options.load) {
  const failed = await load(python)
  leave(failed)
}
const rows = await playOn(python)
for (const line of tableLines(rows, (performance.now() - started) / 1_000)) show(line)
if (options.json) process.stdout.write(`${JSON.stringify({ reference: options.reference, cases: rows }, null, 2)}\n`)
if (options.record) writeFileSync(options.record, `${JSON.stringify(casesOfOperations(rows), null, 2)}\n`)
leave(rows.some(({ outcome }) => outcome === 'failed'))

function leave(failed: boolean): never {
  if (options.keep) tell(`All logs are in ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
  process.exit(failed ? 1 : 0)
}

/** Many clients at once; whether something was wrong after it. */
async function load({ bin }: PythonEnvironment): Promise<boolean> {
  const server = await startServer(bin, 'open')
  const recorder = await startRecorder(server.apiUrl)
  try {
    const settings = { bin, env: clientEnv(recorder.apiUrl, 'open'), folder }
    const { clients, runs, wrong } = await playLoad(recorder, settings, Number(options.clients), Number(options.seconds))
    for (const line of wrong.slice(0, 20)) show(line)
    show(`load: ${clients} clients for ${options.seconds} s, ${runs} runs of flows: ${wrong.length} things are wrong`)
    return wrong.length > 0
  } finally {
    recorder.close()
    await server.stop()
  }
}

/** All cases that were asked for, first those of a server that lets everybody in, then those of one with an auth string. */
async function playOn(environment: PythonEnvironment): Promise<Row[]> {
  const cases = (await listCases(environment)).filter(wanted)
  if (cases.length === 0) throw new Error(`No case has a name with ${options.only.join(' or ')} in it.`)
  const played: Row[] = []
  for (const kind of ['open', 'auth'] as const) {
    const of = cases.filter(({ server }) => server === kind)
    if (of.length > 0) played.push(...(await playGroup(of, environment, kind)))
  }
  return played
}

function wanted({ name, group }: Case): boolean {
  return options.only.length === 0 || options.only.some((word) => name.includes(word) || group === word)
}

async function listCases({ bin }: PythonEnvironment): Promise<readonly Case[]> {
  const player = new Player({ bin, env: clientEnv('http://127.0.0.1:9/api', 'open'), folder }, 'list')
  const cases = await player.cases()
  await player.leave()
  return cases
}

async function playGroup(cases: readonly Case[], { bin }: PythonEnvironment, kind: Case['server']): Promise<Row[]> {
  const server = await startServer(bin, kind)
  const recorder = await startRecorder(server.apiUrl)
  const byName = new Map(cases.map((each) => [each.name, each]))
  const rows: Row[] = []
  try {
    await playAll(cases, { bin, env: clientEnv(recorder.apiUrl, kind), folder }, PROCESSES, (played) => {
      const of = byName.get(played.name)
      if (!of) return
      const { group, sentence, different } = of
      const outcome = outcomeOf(played, of, options.reference)
      const row = { ...played, group, sentence, different, outcome, operations: [] }
      if (outcome === 'failed') for (const line of rowLines(row)) tell(line)
      rows.push(row)
    })
  } finally {
    recorder.close()
    await server.stop()
  }
  for (const line of new Set(recorder.serverErrors)) tell(`the server answered: ${line}`)
  return rows.map((row) => ({ ...row, operations: operationsOf(row.name, byName.get(row.name), recorder) }))
}

/** What the case asked for itself, and what its runner asked for. */
function operationsOf(name: string, of: Case | undefined, { recording }: Recorder): string[] {
  const runner = of?.serving ? (recording.get('serving') ?? []) : []
  return [...new Set([...(recording.get(name) ?? []), ...runner])].sort()
}

function startServer(bin: string, kind: Case['server']): Promise<Server> {
  const home = join(folder, `server-${kind}`)
  mkdirSync(home, { recursive: true })
  const authString = kind === 'auth' ? AUTH_STRING : undefined
  return options.reference ? startReference(bin, { home, authString }) : startOurs({ home, authString })
}

/** What a user of the client sets, and how often its runner asks for work: the cases have no time for every 10 s. */
function clientEnv(apiUrl: string, kind: Case['server']): Record<string, string> {
  return {
    CONFORMANCE_TARGET: options.reference ? 'prefect' : 'pilotflame',
    CONFORMANCE_FOLDER: folder,
    PREFECT_API_URL: apiUrl,
    PREFECT_HOME: join(folder, 'client'),
    PREFECT_RUNNER_POLL_FREQUENCY: '1',
    PREFECT_LOGGING_TO_API_BATCH_INTERVAL: '0.3',
    PREFECT_CLI_COLORS: 'false',
    DO_NOT_TRACK: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ...(kind === 'auth' ? { PREFECT_API_AUTH_STRING: AUTH_STRING } : {}),
  }
}
