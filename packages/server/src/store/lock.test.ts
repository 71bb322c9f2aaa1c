import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { acquireLock } from './lock.ts'
import { inFolder } from './test/stores.ts'

test('a second one is refused, and told who holds it', () =>
  inFolder((folder) => {
    const path = join(folder, 'pilotflame.db')
    const lock = acquireLock(path, 'pid 7 at http://127.0.0.1:4200')
    expect(() => acquireLock(path, 'me')).toThrow(expect.objectContaining({ code: 'store_locked' }))
    expect(() => acquireLock(path, 'me')).toThrow('in use by pid 7 at http://127.0.0.1:4200')
    lock.release()
    lock.release()
    acquireLock(path, 'me').release()
  }))

test('another process is refused too, until the holder was killed', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'pilotflame.db')
    const code = `
      const { acquireLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
      acquireLock(${JSON.stringify(path)}, 'the child')
      console.log('held')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    expect(() => acquireLock(path, 'me')).toThrow('in use by the child')
    child.kill('SIGKILL')
    await once(child, 'exit')
    acquireLock(path, 'me').release()
  }))
