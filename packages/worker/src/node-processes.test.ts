import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isAlive, type RealHost, startRealHost } from '../test/real-host.ts'
import { nodeProcesses } from './node-processes.ts'

let running: RealHost | undefined
const start = (...given: Parameters<typeof startRealHost>): RealHost => {
  running = startRealHost(...given)
  return running
}

/** Whatever a test did to its processes, none of them is left. */
afterEach(async () => {
  const left = await running?.close()
  running = undefined
  expect(left ?? []).toEqual([])
})

/** Waits for a file that a script writes. */
async function contentOf(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, 'utf8') === '') await new Promise((resolve) => setTimeout(resolve, 5))
  return readFileSync(path, 'utf8')
}

describe('how a real process ends', () => {
  const check = async (script: string, expected: object, limits = {}, execArgv: string[] = []) => {
    const real = start(script, limits, execArgv)
    const pid = await real.place()
    expect(await real.endOf(pid)).toMatchObject({ pid, session_id: `session of ${pid}`, ...expected })
  }

  test('by exit code 1', () =>
    check('ready(); setTimeout(() => process.exit(1), 100)', { kind: 'exit', code: 1, message: 'exit code 1' }))

  test('by an error that nobody catches', () =>
    check('ready(); setTimeout(() => { throw new Error("oh") }, 100)', { kind: 'exit', message: 'exit code 1' }))

  test('by kill -9', async () => {
    const real = start('ready(); setInterval(() => {}, 1000)')
    const pid = await real.place()
    process.kill(pid, 'SIGKILL')
    expect(await real.endOf(pid)).toMatchObject({ kind: 'signal', signal: 'SIGKILL', message: 'killed by SIGKILL' })
  })

  test('by kill -STOP', async () => {
    const real = start('ready(); setInterval(() => {}, 1000)')
    const pid = await real.place()
    process.kill(pid, 'SIGSTOP')
    expect(await real.endOf(pid)).toMatchObject({ kind: 'stopped', message: 'stopped by SIGSTOP for 2 s' })
  })

  test('by memory outside of the heap, past its bound', () =>
    check(
      'ready(); const kept = []; setInterval(() => kept.push(Buffer.alloc(4_000_000, 1)), 5)',
      { kind: 'memory', message: 'out of memory at 120 MB' },
      { memoryMbMax: 120 },
    ))

  test('by its heap, which is full before the memory is', () =>
    check(
      'ready(); const kept = []; setTimeout(() => { for (;;) kept.push(new Array(1000).fill(Math.random())) }, 100)',
      { kind: 'memory', message: 'out of memory at 1000 MB' },
      { memoryMbMax: 1_000 },
      ['--max-heap-size=30'],
    ))

  test('by an endless loop with a time limit', () =>
    check(
      'ready(); setTimeout(() => { for (;;); }, 50)',
      { kind: 'timeout', message: 'ran longer than 200 ms' },
      { timeoutMs: 200 },
    ))

  test('by being cancelled in an endless loop that SIGTERM does not end', async () => {
    const real = start('process.on("SIGTERM", () => {}); ready(); setTimeout(() => { for (;;); }, 50)', {
      cancelGraceMs: 100,
      killGraceMs: 100,
    })
    const pid = await real.place()
    real.host.receive({ type: 'cancel', run_id: 'run 1', epoch: 1, reason: 'as asked' })
    const end = await real.endOf(pid)
    expect(end.kind).toBe('cancel')
    expect(end.stages?.map(({ stage }) => stage)).toEqual(['abort', 'SIGTERM', 'SIGKILL', 'gone'])
  })
})

describe('what a process leaves behind', () => {
  const GRANDCHILD = `
    const grandchild = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    writeFileSync(process.argv[2] + '/grandchild', String(grandchild.pid))
  `

  test('is ended with it, before its end is told', async () => {
    const real = start(`${GRANDCHILD} ready(); setTimeout(() => process.exit(2), 200)`)
    const pid = await real.place()
    const grandchild = Number(await contentOf(join(real.folder, 'grandchild')))
    expect(isAlive(grandchild)).toBe(true)
    expect(await real.endOf(pid)).toMatchObject({ message: 'exit code 2' })
    expect(isAlive(grandchild)).toBe(false)
  })

  test('is ended with a kill of its group', async () => {
    const real = start(`${GRANDCHILD} ready(); setInterval(() => {}, 1000)`, { timeoutMs: 1 })
    const pid = await real.place()
    const grandchild = Number(await contentOf(join(real.folder, 'grandchild')))
    await real.endOf(pid)
    expect(isAlive(grandchild)).toBe(false)
  })
})

describe('what a process writes', () => {
  test('comes line by line, the last one too, and its end after that', async () => {
    const real = start(`ready(); setTimeout(() => { writeSync(1, 'one\\n\\ntwo'); writeSync(2, 'three'); process.exit(0) }, 50)`)
    const pid = await real.place()
    await real.endOf(pid)
    expect(real.lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout: one', 'stdout: ', 'stdout: two'])
    expect(real.lines).toContain('stderr: three')
  })

  test('closing its output harms nobody', async () => {
    const real = start('closeSync(1); closeSync(2); ready(); setTimeout(() => process.exit(0), 100)')
    const pid = await real.place()
    expect(await real.endOf(pid)).toMatchObject({ kind: 'exit', code: 0 })
  })
})

describe('starting', () => {
  test('a script that is not there is a failed start, with the reason', async () => {
    const real = start('await import("./not-there.mjs")')
    const failure = await real.until(() => real.host.counts()['answer/chat']?.failure ?? undefined)
    expect(failure).toMatch(/^exit code 1 before it was ready:/)
    expect(failure).toMatch(/Cannot find module '.*not-there\.mjs'/)
  })

  test('a process has the variables of its deployment, and its host has not', async () => {
    const real = start(`console.log(process.env.OWN, typeof process.env.PILOTFLAME_CHILD); ready(); setInterval(() => {}, 1000)`)
    await real.until(() => real.lines.includes('stdout: only here string'))
    expect(process.env.OWN).toBeUndefined()
  })
})

describe('priority', () => {
  test('is lowered only where it can be raised again, for all threads', async () => {
    const real = start('ready(); setInterval(() => {}, 1000)')
    await real.until(() => real.host.counts()['answer/chat']?.ready === 1)
    const pid = real.pids[0] ?? 0
    const priorities = () => new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread))))
    const before = priorities()
    const processes = nodeProcesses()
    processes.lowPriority(pid)
    expect([[10], [...before]]).toContainEqual([...priorities()])
    processes.normalPriority(pid)
    expect(priorities()).toEqual(before)
  })
})

describe('the end of the host itself', () => {
  /** A program that is a host, and prints the pids of its processes. */
  const program = (folder: string): string => `
    import { Host } from ${JSON.stringify(new URL('./host.ts', import.meta.url).href)}
    import { nodeClock, nodeProcesses } from ${JSON.stringify(new URL('./node-processes.ts', import.meta.url).href)}
    const processes = nodeProcesses()
    const spawn = (spec, events) => { const pid = processes.spawn(spec, events); console.log(pid); return pid }
    const limits = { isolation: 'fresh', warm: { min: 2, max: 2, idleMs: 1e6 }, memoryMbMax: 500, timeoutMs: null, cancelGraceMs: 1, killGraceMs: 1 }
    const offer = { flow_name: 'a', name: 'b', version: 'v' }
    const command = { file: ${JSON.stringify(join(folder, 'script.mjs'))}, args: [${JSON.stringify(folder)}], env: {} }
    const host = new Host({ clock: nodeClock(), processes: { ...processes, spawn }, send() {} }, {
      deployments: [{ offer, command, ...limits }], server: { apiUrl: 'http://127.0.0.1:1/api', authString: null },
      memoryMbMax: 9999, startsAtOnceMax: 2, onChange: (_, { ready }) => ready === 2 && console.log('ready'),
    })
    host.welcome({ session_id: 'host', deployments: [] })
    process.on('SIGTERM', () => process.exit(0))
  `

  const check = async (signal: NodeJS.Signals) => {
    const real = start('ready(); setInterval(() => {}, 1000)')
    const file = join(real.folder, 'host.mjs')
    writeFileSync(file, program(real.folder))
    const host = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise((resolve) => host.on('exit', resolve))
    let output = ''
    for await (const text of host.stdout) {
      output += text
      if (output.includes('ready')) break
    }
    const pids = output
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0)
    expect(pids.filter(isAlive)).toHaveLength(2)
    host.kill(signal)
    await exited
    while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  test('when it exits, its processes are ended', () => check('SIGTERM'))
  test('when it is killed, they see their channel close', () => check('SIGKILL'))
})
