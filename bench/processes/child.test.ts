import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Child } from './child.ts'

const PROGRAM = join(import.meta.dirname, 'test', 'small-program.ts')
const started: Child[] = []

async function start(mode: string): Promise<Child> {
  const child = await Child.start(PROGRAM, { args: [mode] })
  started.push(child)
  return child
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill()
})

test('a program says when it is ready, answers, and is gone after stop', async () => {
  const child = await start('good')
  expect(child.facts).toEqual({ mode: 'good' })
  expect(child.readyMs).toBeGreaterThan(0)
  expect(await child.ask('double', 21)).toBe(42)
  await child.stop()
  expect(alive(child.pid)).toBe(false)
})

test('what fails in the program is told by its own words, and an unknown question too', async () => {
  const child = await start('good')
  await expect(child.ask('fail')).rejects.toThrow('small-program.ts: the disk is full')
  await expect(child.ask('dance')).rejects.toThrow('knows no command "dance"')
})

test('a program that dies leaves no question waiting', async () => {
  const child = await start('good')
  await expect(child.ask('leave')).rejects.toThrow('small-program.ts ended (3)')
  await expect(Child.start(PROGRAM, { args: ['broken'] })).rejects.toThrow('small-program.ts ended (1)')
})

test('a program that does not stop when asked is killed', async () => {
  const child = await start('stubborn')
  await child.stop({ limitMs: 50 })
  expect(alive(child.pid)).toBe(false)
})
