import { type ChildProcess, spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { isAlive } from '../test/real-host.ts'

/** A host of one process that does `what`; it prints that one's pid. Ended by kill -9. */
async function killHost(what: string): Promise<number> {
  const program = `
    import { spawn } from 'node:child_process'
    import { GroupGuard } from ${JSON.stringify(new URL('./group-guard.ts', import.meta.url).href)}
    const guard = new GroupGuard(1)
    const gone = spawn(process.execPath, ['-e', ''], { detached: true, stdio: 'ignore' })
    guard.add(gone.pid)
    gone.on('exit', () => {
      guard.remove(gone.pid)
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(`process.on('disconnect', () => process.exit(0)); process.send('here'); ${what}`)}], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
      guard.add(child.pid)
      child.on('message', () => setTimeout(() => console.log(child.pid), 50))
    })
  `
  const host: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = await new Promise<number>((resolve) => host.stdout?.once('data', (text) => resolve(Number(text))))
  expect(isAlive(pid)).toBe(true)
  host.kill('SIGKILL')
  return pid
}

const untilGone = async (pid: number) => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('a process that hangs when its host is killed is ended', async () => untilGone(await killHost('for (;;);')))
test('a process that is stopped then is ended', async () => untilGone(await killHost('process.kill(process.pid, "SIGSTOP")')))
test('one that sees it by itself is left alone', async () => untilGone(await killHost('setInterval(() => {}, 1000)')))

test('a guard keeps no program from ending', async () => {
  const program = `
    import { GroupGuard } from ${JSON.stringify(new URL('./group-guard.ts', import.meta.url).href)}
    new GroupGuard(1).add(999999)
  `
  const host = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
  expect(await new Promise((resolve) => host.on('exit', resolve))).toBe(0)
})
