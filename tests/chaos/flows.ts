/**
 * A program that serves its flows until it is killed. Each side effect is a line in a file, written by this code and
 * not asked from the server: which run, which task, which attempt, and a token of its own.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { flow, type Run, type ServeOptions, serve, task } from 'pilotflame'

const { CHAOS_EFFECTS: file = '', CHAOS_ISOLATION: isolation } = process.env

interface Input {
  readonly tasks: number
  /** How long each takes, in milliseconds. */
  readonly taskMs: number
}

const write = (line: object): void => appendFileSync(file, `${JSON.stringify({ ...line, pid: process.pid, atMs: Date.now() })}\n`)

interface Step {
  readonly run: string
  readonly attempt: number
  readonly name: string
  readonly ms: number
}

async function doStep({ run, attempt, name, ms }: Step): Promise<string> {
  await sleep(ms / 2)
  const token = crypto.randomUUID()
  write({ kind: 'effect', run, attempt, task: name, token })
  await sleep(ms / 2)
  return token
}

// By its key and not by its arguments: the attempt is one of them.
const step = task('step', doStep, { key: ({ name }) => name })

async function work({ tasks, taskMs }: Input, run: Run): Promise<string[]> {
  const tokens: string[] = []
  for (let n = 1; n <= tasks; n += 1) {
    run.stream(`[${run.attempt}:${n}]`)
    tokens.push(await step({ run: run.id, attempt: run.attempt, name: `step-${n}`, ms: taskMs }))
  }
  write({ kind: 'done', run: run.id, attempt: run.attempt })
  return tokens
}

const durable = flow('durable', work, { retries: 1_000, retryDelayMs: 0 })
const fragile = flow('fragile', work)
const isolated = isolation === 'fresh' || isolation === 'reuse'
const options: ServeOptions = isolated ? { isolation, warm: { min: 2, max: 4 } } : { limit: 8 }

const endless = flow(
  'endless',
  () => {
    for (;;);
  },
  { timeoutMs: 300 },
)

await serve(
  durable.toDeployment({ name: 'durable', on: 'chaos.durable' }),
  fragile.toDeployment({ name: 'fragile', on: 'chaos.fragile' }),
  ...(isolated ? [endless.toDeployment({ name: 'endless', on: 'chaos.endless' })] : []),
  options,
)
