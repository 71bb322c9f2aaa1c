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

async function writeUntilKilled(path: string, from: number, callers: number): Promise<number[]> {
  const child = spawn(process.execPath, [WRITER.pathname, path, String(from), String(callers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line))
    if (acknowledged.length === ACKNOWLEDGED_MIN) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return acknowledged
}

test('what was acknowledged before a kill is there after it, three times over', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'pilotflame.db')
    const acknowledged: number[] = []
    // One caller goes through the journal every second time, many in one turn share a transaction.
    for (const [index, callers] of [1, 16, 1].entries())
      acknowledged.push(...(await writeUntilKilled(path, index * 1_000_000, callers)))
    expect(acknowledged.length).toBeGreaterThanOrEqual(3 * ACKNOWLEDGED_MIN)
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
