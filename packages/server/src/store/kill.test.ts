/** `kill -9` in the middle of writing: what was acknowledged is there afterwards, whole and in order. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { fdatasyncFlush } from './flush-file.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { uuid } from './test/sample-rows.ts'
import { inFolder, onDisk } from './test/stores.ts'

const WRITER = new URL('./test/writer-process.ts', import.meta.url)
const ACKNOWLEDGED_MIN = 500

async function writeUntilKilled(path: string, from: number): Promise<number[]> {
  const child = spawn(process.execPath, [WRITER.pathname, path, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line))
    if (acknowledged.length === ACKNOWLEDGED_MIN) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return acknowledged
}

test('what was acknowledged before a kill is there after it, twice over', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'pilotflame.db')
    const acknowledged = [...(await writeUntilKilled(path, 0)), ...(await writeUntilKilled(path, 1_000_000))]
    expect(acknowledged.length).toBeGreaterThanOrEqual(2 * ACKNOWLEDGED_MIN)
    const store = await openSqliteStore(onDisk(path, fdatasyncFlush(path)))
    const missing: number[] = []
    for (const n of acknowledged) {
      const event = await store.find.findEvent(uuid(4, n))
      const run = await store.find.findRun(uuid(9, n))
      // A body is whole: its event, its run and its state came together.
      if (event === undefined || run?.state.id !== uuid(5, n)) missing.push(n)
    }
    expect(missing).toEqual([])
    await store.close()
  }))
