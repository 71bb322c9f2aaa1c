/** A host on this machine's processes, without a server: the test says what the server would. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChildEndFrame, PROCESS_DEFAULTS } from '@pilotflame/core'
import { Host } from '../src/host.ts'
import type { HostDeployment } from '../src/host-options.ts'
import type { HostFrame, HostProcesses, OutputStream } from '../src/host-ports.ts'
import { nodeClock, nodeProcesses } from '../src/node-processes.ts'

/** What each script begins with: it is ready at once, and stays until its host is gone. */
const BEGIN = `
  import { spawn } from 'node:child_process'
  import { closeSync, writeFileSync, writeSync } from 'node:fs'
  process.on('disconnect', () => process.exit(0))
  const ready = () => process.send({ type: 'ready', session_id: 'session of ' + process.pid })
`

/** True while such a process exists; one that nobody has reaped yet does not. */
export function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/status`
  return existsSync(path) && !/^State:\s+Z/m.test(readFileSync(path, 'utf8'))
}

export interface RealHost {
  readonly host: Host
  readonly folder: string
  readonly pids: readonly number[]
  readonly lines: readonly string[]
  /** Gives the process that is ready a run. Its pid. */
  place(): Promise<number>
  /** Settles as soon as `find` has something; looked at again with each thing that happens. */
  until<T>(find: () => T | undefined | false): Promise<T>
  endOf(pid: number): Promise<ChildEndFrame>
  /** Ends all of it, and says which of its processes are left. */
  close(): Promise<readonly number[]>
}

export function startRealHost(script: string, limits: Partial<HostDeployment> = {}, execArgv: readonly string[] = []): RealHost {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-host-'))
  const file = join(folder, 'script.mjs')
  writeFileSync(file, BEGIN + script)
  const frames: HostFrame[] = []
  const lines: string[] = []
  const pids: number[] = []
  const waiters = new Set<() => void>()
  const changed = () => setImmediate(() => [...waiters].forEach((look) => void look()))
  const processes = nodeProcesses()
  const watched: HostProcesses = {
    ...processes,
    spawn(spec, events) {
      const pid = processes.spawn(spec, events)
      if (pid !== undefined) pids.push(pid)
      return pid
    },
  }
  const send = (frame: HostFrame) => {
    frames.push(frame)
    changed()
  }
  const deployment: HostDeployment = {
    ...PROCESS_DEFAULTS,
    isolation: 'fresh',
    warm: { min: 1, max: 1, idleMs: 60_000 },
    ...limits,
    offer: {
      flow_name: 'answer',
      name: 'chat',
      version: 'v1',
      entrypoint: null,
      description: null,
      tags: [],
      parameters: {},
      parameter_schema: null,
      triggers: [],
      retries: 0,
      retry_delay_ms: 0,
    },
    command: { file, args: [folder], env: { OWN: 'only here' }, execArgv },
  }
  const host = new Host(
    { clock: nodeClock(), processes: watched, send },
    {
      deployments: [deployment],
      server: { apiUrl: 'http://127.0.0.1:1/api', authString: null },
      memoryMbMax: 10_000,
      startsAtOnceMax: 2,
      onLine: (_name, _pid, stream: OutputStream, text) => {
        lines.push(`${stream}: ${text}`)
        changed()
      },
      onChange: changed,
      onEmpty: changed,
    },
  )
  host.welcome({ session_id: 'host', deployments: [{ id: 'd', flow_name: 'answer', name: 'chat' }] })
  const until: RealHost['until'] = (find) =>
    new Promise((resolve) => {
      const look = () => {
        const found = find()
        if (found === undefined || found === false) return
        waiters.delete(look)
        resolve(found)
      }
      waiters.add(look)
      look()
    })
  let runs = 0
  return {
    host,
    folder,
    pids,
    lines,
    until,
    async place() {
      await until(() => host.counts()['answer/chat']?.ready === 1)
      const pid = pids.at(-1) ?? 0
      const run_id = `run ${++runs}`
      host.receive({ type: 'placed', run_id, epoch: 1, session_id: `session of ${pid}`, deployment_id: 'd' })
      return pid
    },
    endOf: (pid) =>
      until(() => frames.find((frame) => frame.type === 'child_end' && frame.pid === pid) as ChildEndFrame | undefined),
    async close() {
      host.handBack()
      const { starting, ready, busy } = { starting: 0, ready: 0, busy: 0, ...host.counts()['answer/chat'] }
      if (starting + ready + busy > 0) await until(() => pids.every((pid) => !isAlive(pid)))
      rmSync(folder, { recursive: true, force: true })
      return pids.filter(isAlive)
    },
  }
}
