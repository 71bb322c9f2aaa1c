/** A program that serves flows until it is ended; tests kill it. It writes each side effect of its tasks to a file. */
import { appendFileSync } from 'node:fs'
import { flow, serve, task } from '@pilotflame/sdk'

const [file = '', retries = '0'] = process.argv.slice(2)

const effect = task('effect', async (name: string) => {
  appendFileSync(file, `${name}\n`)
  return name.length
})

/** Does one recorded step, and then waits until it is aborted, or for ever on its first attempt. */
const steps = flow(
  'steps',
  async ({ name }: { name: string }, run) => {
    await effect(`${name}-first`)
    run.stream(`attempt ${run.attempt}`)
    if (run.attempt === 1) await new Promise(() => setInterval(() => undefined, 1_000))
    await effect(`${name}-second`)
    return run.attempt
  },
  { retries: Number(retries), retryDelayMs: 0 },
)

const quick = flow('quick', async ({ name }: { name: string }) => name)

await serve(steps.toDeployment({ name: 'steps', on: 'steps.now' }), quick.toDeployment({ name: 'quick', on: 'quick.now' }), {
  limit: 5,
})
