/** Prefect's real client, measuring one server from a Python process of its own. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./measure.py', import.meta.url))

/** Milliseconds by what was measured. */
export type Samples = Readonly<Record<string, readonly number[]>>

export interface ClientRun {
  /** The folder of the environment's programs. */
  readonly bin: string
  readonly apiUrl: string
  /** The client's own home. */
  readonly home: string
  readonly kind: 'calls' | 'first-line'
  readonly count: number
  /** How often its runner asks for work, in seconds. Default: the client's own, 10. */
  readonly pollSeconds?: number
  /** About how long between two runs, in seconds. */
  readonly pauseSeconds?: number
}

export async function runClient({ bin, apiUrl, home, kind, count, pollSeconds, pauseSeconds = 0 }: ClientRun): Promise<Samples> {
  const poll = pollSeconds === undefined ? {} : { PREFECT_RUNNER_POLL_FREQUENCY: String(pollSeconds) }
  const env = {
    ...process.env,
    PREFECT_API_URL: apiUrl,
    PREFECT_HOME: home,
    DO_NOT_TRACK: '1',
    PREFECT_LOGGING_LEVEL: 'ERROR',
    ...poll,
  }
  const child = spawn(join(bin, 'python'), [PROGRAM, kind, String(count), String(pauseSeconds)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  const errors: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const line = output
    .join('')
    .split('\n')
    .find((each) => each.startsWith('{"'))
  if (code !== 0 || line === undefined) throw new Error(`The Python client ended with ${code}: ${errors.join('').slice(-2_000)}`)
  return JSON.parse(line) as Samples
}

/** What all processes of a group hold in memory, in MB: Prefect's server is more than one process. */
export function memoryOfGroup(group: number): number {
  let kilobytes = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [, , groupOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(groupOf) !== group) continue
      kilobytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      // It has ended meanwhile.
    }
  }
  return kilobytes / 1_024
}
