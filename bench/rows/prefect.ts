/**
 * Prefect's real Python client on its own server and on ours, one after the other: what stands in the floor's place is
 * its own server. Needs a Python that can be used, and installs the client on first use.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type PythonEnvironment, preparePython } from '../../tests/conformance/python.ts'
import { type Server, startOurs, startReference } from '../../tests/conformance/servers.ts'
import { type Figures, figuresOf, single } from '../numbers/figures.ts'
import { atMost, row, type Target, type Unit } from '../numbers/row.ts'
import { memoryOfGroup, runClient, type Samples } from '../prefect/run-client.ts'
import type { BenchContext, Group } from './context.ts'

type Measured = Readonly<Record<string, Figures>>

interface Line {
  readonly id: string
  readonly title: string
  readonly unit?: Unit
  readonly target?: (figures: Figures) => Target
}

const within = (ms: number) => (figures: Figures) => atMost(`p50 ≤ ${ms} ms`, figures.p50, ms)

/** What is measured on both, in the order that it is reported. */
const LINES: readonly Line[] = [
  { id: 'first_line', title: 'event → first line of a served Python flow' },
  { id: 'claim', title: 'event → the runner has claimed the run', target: within(50) },
  { id: 'first_line_1s', title: 'event → first line, the runner asks every second' },
  { id: 'claim_1s', title: 'event → claimed, the runner asks every second', target: within(50) },
  { id: 'health', title: '/health: what the client itself takes for a request' },
  { id: 'create', title: 'create a flow run', target: within(1.5) },
  { id: 'set_state', title: 'set a state', target: within(1.5) },
  { id: 'read', title: 'read a flow run' },
  { id: 'event', title: 'one event, acknowledged' },
  { id: 'forty', title: 'a flow with 40 tasks' },
  { id: 'ready', title: 'server start → ready' },
  { id: 'memory', title: 'memory of the server afterwards', unit: 'MB' },
]

export const prefect: Group = {
  name: 'prefect',
  // It takes minutes, and a Python.
  whenAsked: true,
  async measure(context, _, report) {
    const python = preparePython((line) => void process.stderr.write(`${line}\n`))
    if ('missing' in python) {
      process.stderr.write(`prefect: skipped. ${python.missing}\n`)
      return
    }
    const ours = await measureOn(context, python, 'pilotflame', (home) => startOurs({ home }))
    const theirs = await measureOn(context, python, 'prefect', (home) => startReference(python.bin, { home }))
    for (const { id, title, unit = 'ms', target } of LINES) {
      const [product, floor] = [ours[id], theirs[id]]
      if (!product || !floor) continue
      const targets = target ? [target(product)] : []
      const note = "in the floor's place: Prefect's own server, with the same client"
      report(
        row({
          id: `prefect-${id.replaceAll('_', '-')}`,
          title: `Prefect's client: ${title}`,
          unit,
          product,
          floor,
          targets,
          note,
        }),
      )
    }
  },
}

async function measureOn(
  context: BenchContext,
  { bin }: PythonEnvironment,
  name: string,
  start: (home: string) => Promise<Server>,
): Promise<Measured> {
  const home = join(context.folder, `${name}-server`)
  mkdirSync(home, { recursive: true })
  const server = await start(home)
  context.cleanUp.add(() => server.stop())
  try {
    const client = { bin, apiUrl: server.apiUrl, home: join(context.folder, `${name}-client`) }
    const calls = await runClient({ ...client, kind: 'calls', count: context.quick ? 40 : 200 })
    const often = await runClient({
      ...client,
      kind: 'first-line',
      count: context.quick ? 4 : 10,
      pollSeconds: 1,
      pauseSeconds: 2,
    })
    // 14 s: longer than the longest pause between two questions of the runner, which follows each run as well.
    const asItComes = await runClient({ ...client, kind: 'first-line', count: context.quick ? 3 : 8, pauseSeconds: 14 })
    const samples = { ...calls, ...asItComes, ...named(often, '_1s') }
    const measured = Object.entries(samples).map(([key, values]) => [key, figuresOf(values)] as const)
    return { ...Object.fromEntries(measured), ready: single(server.readyMs, 1), memory: single(memoryOfGroup(server.pid), 1) }
  } finally {
    await server.stop()
  }
}

const named = (samples: Samples, suffix: string): Samples =>
  Object.fromEntries(Object.entries(samples).map(([key, values]) => [`${key}${suffix}`, values]))
