/**
 * `npm run soak -- --minutes 10 --rate 100`: events at a steady rate into a real server and a real executor, with a
 * short retention. Fails when memory or disk grow by more than 5 % after the warm-up, when descriptors or processes
 * become more, when a run has not ended, or when something is left behind. Prints a table, and writes JSON.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { processesOf } from '../harness/processes-of.ts'
import { freePort, makeProject } from '../harness/project.ts'
import { judge } from './judge.ts'
import { type Sample, sampleProcess, sizeMb } from './sample.ts'
import { startSender } from './sender.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100' },
    /** How long the server keeps what has ended. */
    retention: { type: 'string', default: '30s' },
    sample: { type: 'string', default: '10' },
    /** Not judged: caches fill, code is optimised, and retention has not begun. Default: a fifth, a minute at least. */
    warmup: { type: 'string' },
    isolation: { type: 'string', default: 'none' },
    // V8 lets its young generation grow up to 134 MB in its own time, whatever the program does: RSS would rise for half
    // an hour. Held at one size, RSS shows what the program holds. 0: as V8 likes.
    'young-mb': { type: 'string', default: '16' },
    json: { type: 'string', default: join(HERE, '..', '..', '.build', 'soak.json') },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const seconds = Number(values.minutes) * 60
const rate = Number(values.rate)
const sampleSeconds = Number(values.sample)
const warmUpSeconds = Number(values.warmup ?? Math.max(60, seconds / 5))

const folder = mkdtempSync(join(tmpdir(), 'pilotflame-soak-'))
const home = join(folder, 'home')
const probe = join(folder, 'probe')
const mark = `SOAK_PROBE=${probe}`
const { pilot, flows } = makeProject(folder, join(HERE, 'flows.ts'))
const port = await freePort()
const apiUrl = `http://127.0.0.1:${port}/api`
const env = { ...process.env, PILOTFLAME_API_URL: apiUrl, SOAK_PROBE: probe, SOAK_ISOLATION: values.isolation, NO_COLOR: '1' }

const youngMb = Number(values['young-mb'])
const young = youngMb === 0 ? [] : [`--min-semi-space-size=${youngMb}`, `--max-semi-space-size=${youngMb}`]

const children = ['server', 'executor'].map((name) => {
  const log = openSync(join(folder, `${name}.log`), 'a')
  const server = [pilot, 'server', 'start', '--home', home, '--port', String(port)]
  const kept = ['--run-retention', values.retention, '--event-retention', values.retention]
  const args = [
    ...young,
    '--expose-gc',
    '--import',
    join(HERE, 'probe.mjs'),
    ...(name === 'server' ? [...server, ...kept] : [flows]),
  ]
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { name, child, exited }
})
process.once('exit', () => {
  for (const { child } of children) child.kill('SIGKILL')
})
const [server, executor] = children.map(({ child }) => child.pid ?? 0) as [number, number]

async function ask(path: string, body?: unknown): Promise<unknown> {
  const init =
    body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return (await fetch(`${apiUrl}${path}`, init)).json()
}
while (((await ask('/executors').catch(() => [])) as unknown[]).length === 0) await sleep(50)

const samples: Sample[] = []
const started = performance.now()
const sender = startSender(apiUrl, rate)
say(
  `soak: ${values.minutes} min at ${rate} events/s, kept ${values.retention}, isolation ${values.isolation}, ${availableParallelism()} processors`,
)
say('    s   events  server: RSS  heap  ext.  fds   executor: RSS  heap  fds   processes   database  log   ack p50/p99 ms')
const mb = (value: number, width = 5): string => value.toFixed(0).padStart(width)
while (performance.now() - started < seconds * 1_000) {
  await sleep(Math.max(0, started + (samples.length + 1) * sampleSeconds * 1_000 - performance.now()))
  for (const pid of [server, executor]) process.kill(pid, 'SIGUSR2')
  await sleep(200)
  const { p50, p99 } = sender.latency()
  const sample: Sample = {
    second: Math.round((performance.now() - started) / 1_000),
    server: sampleProcess(server, probe),
    executor: sampleProcess(executor, probe),
    processes: processesOf(mark).length,
    databaseMb: sizeMb(join(home, 'pilotflame.db')),
    logMb: sizeMb(join(home, 'pilotflame.db-wal')),
    events: sender.acknowledged(),
  }
  samples.push(sample)
  const { server: s, executor: e } = sample
  say(
    `${String(sample.second).padStart(5)} ${String(sample.events).padStart(8)}  ${mb(s.rssMb, 11)} ${mb(s.heapMb)} ${mb(s.externalMb)} ${mb(s.descriptors, 4)} ` +
      `${mb(e.rssMb, 15)} ${mb(e.heapMb)} ${mb(e.descriptors, 4)} ${String(sample.processes).padStart(11)} ${sample.databaseMb.toFixed(1).padStart(11)} ${mb(sample.logMb)}   ${p50.toFixed(2)} / ${p99.toFixed(2)}`,
  )
}
const wrong = await sender.stop()

const unfinished = { flow_runs: { state: { type: { any_: ['SCHEDULED', 'PENDING', 'RUNNING', 'CANCELLING'] } } } }
const failed = { flow_runs: { state: { type: { any_: ['FAILED', 'CRASHED', 'CANCELLED'] } } } }
let left = 0
for (let tries = 0; tries < 100; tries += 1) {
  left = Number(await ask('/flow_runs/count', unfinished))
  if (left === 0) break
  await sleep(100)
}
if (left > 0) wrong.push(`${left} runs have not ended 10 s later`)
const bad = Number(await ask('/flow_runs/count', failed))
if (bad > 0) wrong.push(`${bad} runs have failed`)
for (const { name, child, exited } of children.toReversed()) {
  child.kill('SIGTERM')
  const code = await Promise.race([exited, sleep(10_000, 'not')])
  if (code !== 0) wrong.push(`${name} has ended with ${code}`)
}
await sleep(500)
wrong.push(...processesOf(mark).map(({ pid, command }) => `pid ${pid} (${command}) was left behind`))

const judged = judge(samples.filter(({ second }) => second > warmUpSeconds))
say('')
for (const { name, before, after, ok } of judged) {
  const change = before === 0 ? '' : ` (${(((after - before) / before) * 100).toFixed(1)} %)`
  say(`${ok ? 'ok   ' : 'WRONG'} ${name}: ${before.toFixed(1)} → ${after.toFixed(1)}${change}`)
}
for (const sentence of wrong) say(`WRONG ${sentence}`)
const passed = wrong.length === 0 && judged.every(({ ok }) => ok)
mkdirSync(dirname(values.json), { recursive: true })
const options = {
  minutes: Number(values.minutes),
  rate,
  youngMb,
  retention: values.retention,
  isolation: values.isolation,
  warmUpSeconds,
}
writeFileSync(values.json, `${JSON.stringify({ options, node: process.version, passed, wrong, judged, samples }, null, 2)}\n`)
say(`${passed ? 'passed' : 'FAILED'}: ${sender.acknowledged()} events; written to ${values.json}`)
if (passed) rmSync(folder, { recursive: true, force: true })
else say(`The folder stays: ${folder}`)
process.exit(passed ? 0 : 1)
