import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { nodeClock, nodeProcesses, nodeRandom } from '../system/node-ports.ts'
import { type PracticeParts, startPractice } from './practice.ts'

/** The machine's own ports, with a clock that says what it was asked for and calls back when the test lets it. */
function practising(wires: PracticeParts['wires'] = null) {
  const real = nodeClock()
  const waits: { ms: number; callback: () => unknown }[] = []
  const after = (ms: number, callback: () => unknown) => {
    waits.push({ ms, callback })
    return () => undefined
  }
  const stopping = new AbortController()
  onTestFinished(() => stopping.abort())
  const lines: string[] = []
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`)
  const ports = { clock: { ...real, after }, random: nodeRandom(), processes: nodeProcesses() }
  return { ...startPractice({ ports, wires, signal: stopping.signal, log }), waits, stopping, lines }
}

const once = async (condition: () => boolean) => expect.poll(condition).toBe(true)

test('a server that nobody uses practises no more; the first run that ends begins it, once', async () => {
  const { runEnded, waits, lines } = practising()
  const later = () => waits.filter(({ ms }) => ms === 1_000)
  expect(later()).toEqual([])
  runEnded()
  runEnded()
  expect(later()).toHaveLength(1)
  later()[0]?.callback()
  const pauses = () => waits.filter(({ ms }) => ms === 5)
  await once(() => pauses().length === 1)
  pauses()[0]?.callback()
  await once(() => pauses().length === 2)
  expect(lines).toEqual([])
})

test('a server that stops practises no more', async () => {
  const { runEnded, waits, stopping } = practising()
  runEnded()
  stopping.abort()
  for (const { callback } of [...waits]) await callback() // ends with the practice, if it begins one
  expect(waits.filter(({ ms }) => ms === 5)).toEqual([])
})

test('where the wires cannot be had it says so, once, and practises in memory', async () => {
  const { runEnded, waits, lines } = practising(() => Promise.reject(new Error('no space left on the device')))
  runEnded()
  for (const { ms, callback } of [...waits]) if (ms === 1_000) callback()
  await once(() => waits.some(({ ms }) => ms === 5))
  expect(lines).toEqual([expect.stringContaining('no space left on the device')])
})

test('what is under way is over soon after the signal', async () => {
  const { runEnded, waits, stopping, idle } = practising()
  runEnded()
  for (const { ms, callback } of [...waits]) if (ms === 1_000) callback()
  await once(() => waits.some(({ ms }) => ms === 5)) // and nobody ends this pause
  stopping.abort()
  await idle()
})

test('this V8 knows what it is asked for: it would say so on stderr', async () => {
  const file = join(import.meta.dirname, '..', 'system', 'final-code.ts')
  const program = `
    const { compileEarly, keepFinalCode } = await import(${JSON.stringify(file)})
    compileEarly(true), compileEarly(false), keepFinalCode()`
  const { stderr } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', program])
  expect(stderr).toBe('')
})
