/** What a process has cost so far, from what Linux counts: CPU of all its threads, and its share of the memory. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { sleep } from '../numbers/clock.ts'

export interface ProcessCost {
  readonly cpuMs: number
  /** Pages that several processes share count for each by its share (PSS). */
  readonly memoryMb: number
}

export function costOfProcess(pid: number): ProcessCost {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
  const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
  return { cpuMs: nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6, memoryMb: Number(pss) / 1_024 }
}

/** A node that does nothing, as the measure for what has to be. */
export async function costOfEmptyNode(): Promise<ProcessCost> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { stdio: 'ignore' })
  await sleep(500)
  const cost = costOfProcess(child.pid ?? 0)
  child.kill('SIGKILL')
  return cost
}
