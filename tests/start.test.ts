/** What a newcomer sees: the program behind `npm start`, as it is built, with the chatbot in its own process. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from './source-files.ts'

const START = join(ROOT, 'packages', 'pilotflame', 'dist', 'start.js')
const home = mkdtempSync(join(tmpdir(), 'pilotflame-start-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program to its end; without a model key, whatever this machine has. */
function start(args: readonly string[], input = ''): Promise<Ended> {
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...env } = process.env
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', START, '--home', home, ...args], { env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

test('one question is answered from the docs, with the timeline and the address', async () => {
  const { code, stdout } = await start(['--port', '0', '--ask', 'how do I start a run from an event?'])
  expect(code).toBe(0)
  expect(stdout).toContain('docs/events.md#start-a-run-from-an-event')
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /received 0\.0 → matched .* first_output .* → completed [\d.]+ ms http:\/\/127\.0\.0\.1:\d+\/api/,
  )
})

test('with --json the last line is one object, and what is not known is not said', async () => {
  const { code, stdout } = await start(['--port', '0', '--json', '--ask', 'who won the world cup in 1998?'])
  expect(code).toBe(0)
  const answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(answer).toMatchObject({ deployment: 'chatbot', answer: expect.stringContaining('found nothing') })
  expect(Object.keys(answer).sort()).toEqual([
    'answer',
    'deployment',
    'first_line_ms',
    'first_output_ms',
    'run_id',
    'timeline',
    'total_ms',
  ])
  expect(answer.timeline.received).toBe(0)
  expect(answer.first_line_ms).toBe(answer.timeline.first_line)
  expect(answer.total_ms).toBe(answer.timeline.completed)
})

test('questions come from stdin where there is no terminal, each with its answer', async () => {
  const { code, stdout } = await start(['--port', '0'], 'what does Late mean?\nhow do I cancel a run?\n')
  expect(code).toBe(0)
  expect(stdout.match(/received 0\.0/g)).toHaveLength(2)
})

test('a taken port is told with its holder and the flag that helps, in one sentence', async () => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const { port } = holder.address() as AddressInfo
  const { code, stderr } = await start(['--port', String(port), '--ask', 'x'])
  holder.close()
  expect(code).toBe(3)
  expect(stderr).toMatch(new RegExp(`Port ${port} .* is taken by .*pid ${process.pid}.*--port`))
  expect(stderr).not.toMatch(/\n\s+at /)
})

test('a wrong flag is told with what there is', async () => {
  const { code, stderr } = await start(['--aks', 'x'])
  expect(code).toBe(2)
  expect(stderr).toContain('--ask QUESTION')
})

test('a flag whose value looks like another flag is told in whole sentences', async () => {
  const { code, stderr } = await start(['--port', '-1'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^Option '--port' argument is ambiguous\. .*'--port=-XYZ'\.\n\n/)
})
