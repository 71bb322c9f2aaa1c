/** The chatbot's flow, called as a plain function: without a server, and with a model behind a real connection. */
import { afterEach, expect, test, vi } from 'vitest'
import { NOTHING_FOUND } from './answer.ts'
import { type Behaviour, KEY, startOpenAiPeer } from './test/openai-peer.ts'

afterEach(() => vi.unstubAllEnvs())

/** Asks a chatbot that was started with these settings. */
async function ask(question: string, environment: Readonly<Record<string, string>> = {}) {
  vi.stubEnv('OPENAI_API_KEY', '')
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  vi.resetModules()
  const { chatbot } = await import('./chatbot.ts')
  const chunks: string[] = []
  const outcome = await chatbot({ question }, { stream: (text) => void chunks.push(text) }).catch((error: Error) => error)
  return { chunks, streamed: chunks.join(''), outcome }
}

async function askModel(question: string, ...behaviours: readonly Behaviour[]) {
  const peer = await startOpenAiPeer(...behaviours)
  try {
    return { ...(await ask(question, { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: peer.baseUrl })), requests: peer.requests }
  } finally {
    await peer.close()
  }
}

test('without a key it quotes the docs word by word, with their links', async () => {
  const { chunks, streamed, outcome } = await ask('how do I cancel a run?')
  expect(streamed).toContain('pilot run cancel RUN')
  expect(streamed).toContain('From docs/runs-and-states.md#cancel-a-run')
  expect(chunks.length).toBeGreaterThan(30)
  expect(outcome).toEqual({ answer: streamed, links: expect.arrayContaining(['docs/runs-and-states.md#cancel-a-run']) })
})

test('what the docs do not know is said, and nothing is cited', async () => {
  const { streamed, outcome } = await ask('what is the weather in Oslo?')
  expect(streamed).toBe(NOTHING_FOUND)
  expect(outcome).toEqual({ answer: NOTHING_FOUND, links: [] })
})

test('with a key the model answers from the same passages', async () => {
  const { chunks, outcome, requests } = await askModel('how do I cancel a run?', { kind: 'answer', pieces: ['Use ', 'pilot.'] })
  expect(chunks).toEqual(['Use ', 'pilot.'])
  expect(outcome).toMatchObject({ answer: 'Use pilot.' })
  expect(requests[0]?.messages[1]?.content).toContain('<passage link="docs/runs-and-states.md#cancel-a-run">')
})

test('the model is not asked about what the docs do not know', async () => {
  const { streamed, requests } = await askModel('who won the world cup?', { kind: 'answer', pieces: ['Brazil'] })
  expect({ streamed, requests }).toEqual({ streamed: NOTHING_FOUND, requests: [] })
})

test('a cut answer says so to whoever reads it, and the run fails', async () => {
  const { streamed, outcome } = await askModel('how do I cancel a run?', { kind: 'cut', pieces: ['Use '], how: 'broken' })
  expect(streamed).toMatch(/^Use \n\nThe answer is not complete: /)
  expect(outcome).toBeInstanceOf(Error)
})
