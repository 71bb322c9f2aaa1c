/**
 * `npm run bench`: measures the product beside the floor, in one run on this machine. It prints each row as soon as
 * it is there, and writes bench/results.json and the README's table after a full run.
 *
 *   --quick      fewer samples, about a minute; writes nothing
 *   --only NAME  one group of rows (may be given again, and without --only); writes nothing
 *   --bundles F  another build's folder, to hold two against each other; writes nothing
 *   --profile    no rows, but where the server's own time goes on the path
 *
 * Three processes and the floor's two: this one is the client. Everything that it starts ends with it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startFloor } from './load/floor.ts'
import { startProduct } from './load/product.ts'
import { oneInFlight } from './load/send-events.ts'
import { type WarmUp, warmUp } from './load/warm-up.ts'
import type { Row } from './numbers/row.ts'
import { BUNDLES, type Options, readOptions } from './options.ts'
import { CleanUp } from './processes/clean-up.ts'
import { buildPrograms } from './processes/programs.ts'
import { makeTemporaryFolder, otherBenches } from './processes/temporary-folder.ts'
import { updateReadme } from './readme-table.ts'
import { commitName, describeMachine, type Machine, versions } from './report/machine.ts'
import { RESULTS_FILE, type Results, writeResults } from './report/results.ts'
import { tableHead, tableLine } from './report/terminal-table.ts'
import { result, stream } from './rows/answers.ts'
import { automations } from './rows/automations.ts'
import { budget } from './rows/budget.ts'
import type { BenchContext, Group } from './rows/context.ts'
import { history } from './rows/history.ts'
import { sayParts } from './rows/parts.ts'
import { path } from './rows/path.ts'
import { prefect } from './rows/prefect.ts'
import { processes } from './rows/processes.ts'
import { profilePath } from './rows/profile.ts'
import { start } from './rows/start.ts'
import { steps, tasks } from './rows/steps.ts'
import { throughput } from './rows/throughput.ts'
import { timeline } from './rows/timeline.ts'

const GROUPS: readonly Group[] = [
  path,
  timeline,
  stream,
  result,
  steps,
  tasks,
  budget,
  throughput,
  processes,
  start,
  automations,
  history,
  prefect,
]

// 1 500: the floor goes on getting faster until then (0.71 → 0.42 ms); stopped earlier, a cold floor flatters the product.
const WARM_UP: WarmUp = { events: 1_500, gapMs: 1 }

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function makeContext({ quick, bundles }: Options, cleanUp: CleanUp): Promise<BenchContext> {
  if (!existsSync(join(bundles, 'server.js')))
    throw new Error('There is no bundle to measure: start with "npm run bench", which builds it.')
  const folder = makeTemporaryFolder()
  cleanUp.add(folder.remove)
  return { quick, folder: folder.path, bundles, programs: await buildPrograms(folder.path), cleanUp }
}

function sayWhere({ cpu, cores, memory_gb, system, fdatasync_ms, loopback_ms }: Machine): void {
  const { node, sqlite } = versions()
  say(`${cores} cores (${cpu}), ${memory_gb} GB, ${system}; Node ${node}, SQLite ${sqlite}; commit ${commitName()}`)
  say(`floor: flush of the disk ${fdatasync_ms} ms, loopback round trip ${loopback_ms} ms (p50)\n`)
}

function isAlone(): boolean {
  const others = otherBenches()
  if (others.length > 0) say(`Another bench is running (process ${others.join(', ')}): both disturb each other.`)
  return others.length === 0
}

const isWanted = ({ name, whenAsked = false }: Group, { only, profile }: Options): boolean =>
  !profile && (only.length === 0 ? !whenAsked : only.includes(name))

async function measure(options: Options, cleanUp: CleanUp): Promise<Results> {
  const alone = isAlone()
  const context = await makeContext(options, cleanUp)
  const sides = { floor: await startFloor(context), product: await startProduct(context) }
  const machine = describeMachine({ fdatasync_ms: sides.floor.fdatasyncMs, loopback_ms: sides.floor.loopbackMs })
  sayWhere(machine)
  await oneInFlight(sides.floor, WARM_UP.events, WARM_UP.gapMs)
  await warmUp(sides.product, WARM_UP)
  if (options.profile) {
    await profilePath(sides.product, say)
    await sayParts(sides.product, say)
  } else say(tableHead())
  const rows: Row[] = []
  const report = (row: Row): void => {
    rows.push(row)
    say(tableLine(row))
  }
  for (const group of GROUPS) {
    if (isWanted(group, options)) await group.measure(context, sides, report)
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commitName(),
    quick: options.quick,
    alone: alone && isAlone(),
    machine,
    versions: versions(),
    rows,
  }
}

function conclude(results: Results, { quick, only, profile, bundles }: Options): void {
  if (profile) return
  const targets = results.rows.flatMap((row) => row.targets)
  say(`\n${targets.filter(({ met }) => met).length} of ${targets.length} targets met.`)
  if (!results.alone)
    return say('Another bench was running on this machine: these figures are not to be quoted, and nothing was written.')
  if (quick || only.length > 0 || bundles !== BUNDLES) return
  writeResults(RESULTS_FILE, results)
  updateReadme(results)
  say("Written: bench/results.json and the README's table.")
}

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    GROUPS.map(({ name }) => name),
  )
  const cleanUp = new CleanUp()
  cleanUp.onSignals()
  try {
    conclude(await measure(options, cleanUp), options)
  } finally {
    await cleanUp.run()
  }
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
