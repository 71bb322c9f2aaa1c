/**
 * The user's process: flows served with the SDK from the bundle that users install. The first statement of the
 * measured one reads the clock; what was read is reported later, when asked.
 */
import type * as Sdk from '../packages/sdk/src/index.ts'
import { nowMs } from './numbers/clock.ts'
import { answerParent, sayReady } from './processes/answer-parent.ts'

const [bundle = '', apiUrl = ''] = process.argv.slice(2)
const { flow, startExecutor, task } = (await import(bundle)) as typeof Sdk

const firstLines: [number: number, at: bigint][] = []
let stepRuns: number[][] = []
let counted = 0

const firstLine = flow('first-line', ({ n }: { n: number }) => {
  const at = process.hrtime.bigint()
  firstLines.push([n, at])
})

const chunk = flow('chunk', (_: object, run) => {
  run.stream('the first words of an answer')
})

const result = flow('result', ({ n }: { n: number }) => ({ n }))

const many = flow('many', () => {
  counted += 1
})

const step = task('step', async (index: number) => index)

/** Durable steps one after the other, each with its time. */
const steps = flow('steps', async ({ count }: { count: number }) => {
  const took: number[] = []
  for (let index = 0; index < count; index += 1) {
    const at = nowMs()
    await step(index)
    took.push(nowMs() - at)
  }
  stepRuns.push(took)
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Reads the clock first, then stays for so many milliseconds. */
const stay = flow('stay', async ({ n, ms }: { n: number; ms: number }) => {
  const at = process.hrtime.bigint()
  firstLines.push([n, at])
  if (ms > 0) await pause(ms)
})

/** Deployments whose code takes that long to load, once each. */
const SLOW_IMPORTS = 20
const IMPORT_MS = 80
const imported = flow('imported', () => undefined)
const slowImports = Array.from({ length: SLOW_IMPORTS }, (_, index) => {
  const { offer } = imported.toDeployment({ name: `import-${index}`, on: `bench.import-${index}`, parameters: {} })
  return { offer, load: () => pause(IMPORT_MS).then(() => imported) }
})

let importing: Sdk.Executor | undefined

/** Takes one run at a time: the second one waits. */
const single = await startExecutor({
  apiUrl,
  name: 'bench-single',
  limit: 1,
  deployments: [stay.toDeployment({ on: 'bench.stay' })],
})

const executor = await startExecutor({
  apiUrl,
  name: 'bench',
  deployments: [
    firstLine.toDeployment({ on: 'bench.first-line' }),
    chunk.toDeployment({ on: 'bench.chunk' }),
    many.toDeployment({ on: 'bench.many' }),
    result.toDeployment(),
    steps.toDeployment(),
  ],
})

answerParent({
  collect: () => firstLines.splice(0).map(([n, at]) => [n, Number(at) / 1e6]),
  steps: () => {
    const done = stepRuns
    stepRuns = []
    return done
  },
  /** How many runs of `many` have started since the last question. */
  counted: () => {
    const before = counted
    counted = 0
    return before
  },
  deployments: () => executor.deployments,
  /** Serves those, too: each has an automation, which other rows do not want to have. */
  serveSlowImports: async () => {
    importing = await startExecutor({ apiUrl, name: 'bench-imports', deployments: slowImports })
  },
  stop: () => {
    importing?.close()
    single.close()
    executor.close()
    setImmediate(() => process.exit(0))
  },
})
sayReady()
