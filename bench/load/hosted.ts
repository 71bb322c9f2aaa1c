/** The product with a host: its flow runs in processes of its own, which are ready before the event comes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sleep, until } from '../numbers/clock.ts'
import { Child } from '../processes/child.ts'
import { buildHostedProgram } from '../processes/programs.ts'
import type { BenchContext } from '../rows/context.ts'
import { HttpClient } from './http-client.ts'
import { startServer } from './product.ts'
import type { FirstLines, Side } from './send-events.ts'

export interface HostedOptions {
  readonly isolation: 'fresh' | 'reuse'
  /** Default of `idleMs`: so long that none leaves. */
  readonly warm: { readonly min: number; readonly max: number; readonly idleMs?: number }
}

interface ExecutorOnWire {
  readonly pid: number
  readonly limit: number
  readonly running: number
}

/** What a process of the host has written down. */
export interface Line {
  readonly kind: string
  readonly n: number
  readonly at: number
  readonly pid: number
}

export interface Hosted extends Side {
  readonly apiUrl: string
  readonly serverPid: number
  readonly hostPid: number
  /** Lines since the last call. */
  lines(): Promise<readonly Line[]>
  /** Processes that have loaded the code and wait. */
  readyPids(): Promise<readonly number[]>
  /** Settles when so many are ready. */
  untilReady(count: number): Promise<void>
  /** Ends the server without a word and starts it again, on the same home and port. Returns when the new one answers. */
  killServer(): Promise<void>
  stop(): Promise<void>
}

let started = 0

/** The host's own output is its user's; the last of it is said when it ends too early. */
function startHost(program: string, env: NodeJS.ProcessEnv): { host: ChildProcess; said: () => string } {
  const host = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const keep = (part: Buffer): void => {
    text = (text + part).slice(-2_000)
  }
  host.stdout?.on('data', keep)
  host.stderr?.on('data', keep)
  return { host, said: () => text }
}

async function end(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return
  const gone = new Promise((resolve) => host.once('exit', resolve))
  host.kill('SIGTERM')
  await Promise.race([gone, sleep(10_000)])
  host.kill('SIGKILL')
}

export async function startHosted(context: BenchContext, { isolation, warm }: HostedOptions): Promise<Hosted> {
  const number = ++started
  const file = join(context.folder, `lines-${number}`)
  const program = await buildHostedProgram(context)
  let { server, home } = await startServer(context)
  const { apiUrl } = server.facts as { apiUrl: string }
  const { host, said } = startHost(program, {
    PILOTFLAME_API_URL: apiUrl,
    PILOTFLAME_HOME: context.folder, // where compiled code is kept
    BENCH_LINES: file,
    BENCH_ISOLATION: isolation,
    BENCH_WARM_MIN: String(warm.min),
    BENCH_WARM_MAX: String(warm.max),
    BENCH_WARM_IDLE_MS: String(warm.idleMs ?? 600_000),
  })
  context.cleanUp.add(() => end(host))
  const client = new HttpClient(apiUrl)
  context.cleanUp.add(() => client.close())

  let read = 0
  const lines = async (): Promise<readonly Line[]> => {
    if (!existsSync(file)) return []
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    const fresh = whole.slice(read)
    read = whole.length
    return fresh.map((line) => {
      const [kind = '', n, at, pid] = line.split(' ')
      return { kind, n: Number(n), at: Number(at), pid: Number(pid) }
    })
  }
  const readyPids = async (): Promise<readonly number[]> => {
    const executors = await server.ask<readonly ExecutorOnWire[]>('executors')
    return executors.filter(({ limit, running }) => limit > 0 && running === 0).map(({ pid }) => pid)
  }
  const untilReady = async (count: number): Promise<void> => {
    await until(`The host's ${count} processes`, async () => {
      if (host.exitCode !== null) throw new Error(`The host ended: ${said()}`)
      return (await readyPids()).length >= count ? true : undefined
    })
  }
  await until('The host', async () => ((await server.ask<readonly ExecutorOnWire[]>('executors')).length > 0 ? true : undefined))
  await untilReady(warm.min)
  return {
    name: 'serve',
    apiUrl,
    client,
    get serverPid() {
      return server.pid
    },
    hostPid: host.pid ?? 0,
    lines,
    readyPids,
    untilReady,
    async collect(): Promise<FirstLines> {
      return (await lines()).filter(({ kind }) => kind === 'first').map(({ n, at }) => [n, at] as const)
    },
    async killServer() {
      server.kill()
      await server.ended
      const args = [join(context.bundles, 'server.js'), home, new URL(apiUrl).port]
      server = await Child.start(context.programs['product-server'], { args })
      context.cleanUp.add(() => server.stop())
    },
    async stop() {
      client.close()
      await end(host)
      await server.stop()
      rmSync(home, { recursive: true, force: true })
      home = ''
    },
  }
}
