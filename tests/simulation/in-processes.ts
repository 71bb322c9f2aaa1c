/** Runs schedules in several processes at once, each with a share of the seeds. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join, NOTHING, type Summary } from './summary.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

export interface Shares {
  readonly from: number
  readonly seeds: number
  readonly workers: number
  readonly mutant: string | undefined
  /** Called with what there is so far, when a part of it is done. */
  readonly report: (soFar: Summary) => void
}

/** Seeds that one process runs before it is asked for its figures. */
const SHARE_MAX = 500

export async function runInProcesses({ from, seeds, workers, mutant, report }: Shares): Promise<Summary> {
  const startedAt = performance.now()
  let next = from
  let summary = NOTHING
  const share = Math.max(1, Math.min(SHARE_MAX, Math.ceil(seeds / workers)))
  const work = async (): Promise<void> => {
    while (next < from + seeds && summary.failure === null) {
      const first = next
      const count = Math.min(share, from + seeds - first)
      next += count
      const part = await runShare(first, count, mutant)
      summary = { ...join(summary, part), seconds: (performance.now() - startedAt) / 1000 }
      if (next < from + seeds) report(summary)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return summary
}

function runShare(from: number, seeds: number, mutant: string | undefined): Promise<Summary> {
  const args = [MAIN, '--workers', '1', '--json', '--from', `${from}`, '--seeds', `${seeds}`]
  if (mutant !== undefined) args.push('--mutant', mutant)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const kill = (): void => void child.kill()
    process.once('exit', kill)
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    child.on('error', reject)
    child.on('close', (code) => {
      process.off('exit', kill)
      try {
        resolve(JSON.parse(text) as Summary)
      } catch {
        reject(new Error(`The process with seeds from ${from} ended with ${code} and without its figures.`))
      }
    })
  })
}
