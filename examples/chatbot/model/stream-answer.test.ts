/** The model's path against a server that speaks OpenAI's stream strictly, over a real connection. */
import { afterEach, expect, test } from 'vitest'
import { INSTRUCTIONS, promptFor } from '../prompt.ts'
import { type Behaviour, KEY, type OpenAiPeer, startOpenAiPeer } from '../test/openai-peer.ts'
import { ModelFailure } from './explain-failure.ts'
import { streamAnswer } from './stream-answer.ts'

const peers: OpenAiPeer[] = []
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

async function peerWith(...behaviours: readonly Behaviour[]): Promise<OpenAiPeer> {
  const peer = await startOpenAiPeer(...behaviours)
  peers.push(peer)
  return peer
}

const passage = {
  title: 'Hooks',
  heading: 'Sign a webhook',
  text: 'With three headers.',
  link: 'docs/hooks.md#sign-a-webhook',
  coverage: 1,
}

interface Outcome {
  readonly text: string
  readonly error: unknown
}

/** What was shown, and how it ended. */
async function ask(
  baseUrl: string,
  options: { apiKey?: string; signal?: AbortSignal; onText?: () => void } = {},
): Promise<Outcome> {
  const { apiKey = KEY, signal = new AbortController().signal, onText = () => {} } = options
  let text = ''
  try {
    const request = { instructions: INSTRUCTIONS, prompt: promptFor('how do I sign?', [passage]), signal }
    for await (const piece of streamAnswer({ baseUrl, apiKey, model: 'test-model' }, request)) {
      text += piece
      onText()
    }
    return { text, error: undefined }
  } catch (error) {
    return { text, error }
  }
}

async function fails(...behaviours: readonly Behaviour[]): Promise<{ text: string; sentence: string; tries: number }> {
  const peer = await peerWith(...behaviours)
  const { text, error } = await ask(peer.baseUrl)
  expect(error).toBeInstanceOf(ModelFailure)
  return { text, sentence: String((error as Error).message).replace(peer.baseUrl, 'HERE'), tries: peer.times.length }
}

const soon = { 'retry-after-ms': '5' }

test('the answer comes piece by piece, from the passages and the question', async () => {
  const peer = await peerWith({ kind: 'answer', pieces: ['With ', 'three ', 'headers ✓'] })
  const shown: number[] = []
  const { text, error } = await ask(peer.baseUrl, { onText: () => shown.push(1) })
  expect({ text, error, pieces: shown.length }).toEqual({ text: 'With three headers ✓', error: undefined, pieces: 3 })
  const [request] = peer.requests
  expect(request?.model).toBe('test-model')
  expect(request?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
  expect(request?.messages[0]?.content).toBe(INSTRUCTIONS)
  expect(request?.messages[1]?.content).toContain('link="docs/hooks.md#sign-a-webhook"')
  expect(request?.messages[1]?.content).toContain('With three headers.')
  expect(request?.messages[1]?.content).toMatch(/Question: how do I sign\?$/)
})

test('a rate limit is waited out for as long as the server says', async () => {
  const peer = await peerWith(
    { kind: 'refuse', status: 429, message: 'Rate limit reached', headers: { 'retry-after': '1' } },
    { kind: 'answer', pieces: ['done'] },
  )
  expect(await ask(peer.baseUrl)).toEqual({ text: 'done', error: undefined })
  const [first = 0, second = 0] = peer.times
  expect(second - first).toBeGreaterThanOrEqual(990)
})

test('a rate limit that stays ends in a sentence', async () => {
  expect(await fails({ kind: 'refuse', status: 429, message: 'Rate limit reached', headers: soon })).toEqual({
    text: '',
    sentence:
      'The model server at HERE is still limiting requests after several tries. Ask again in a minute. It said: Rate limit reached',
    tries: 4,
  })
})

test('a server that failed once is asked again', async () => {
  const peer = await peerWith(
    { kind: 'refuse', status: 500, message: 'boom', headers: soon },
    { kind: 'answer', pieces: ['fine'] },
  )
  expect(await ask(peer.baseUrl)).toEqual({ text: 'fine', error: undefined })
})

test('a server that keeps failing ends in a sentence', async () => {
  const { sentence, tries } = await fails({ kind: 'refuse', status: 500, message: 'boom', headers: soon })
  expect(sentence).toBe('The model server at HERE failed with 500. Ask again in a moment. It said: boom')
  expect(tries).toBe(4)
})

test('a wrong key is not tried again', async () => {
  const peer = await peerWith({ kind: 'answer', pieces: ['never'] })
  const { text, error } = await ask(peer.baseUrl, { apiKey: 'sk-wrong' })
  expect({ text, message: (error as Error).message, tries: peer.times.length }).toEqual({
    text: '',
    message: `The model server at ${peer.baseUrl} refused the key. Check OPENAI_API_KEY.`,
    tries: 1,
  })
})

test('a refused request says what the server said', async () => {
  expect(await fails({ kind: 'refuse', status: 400, message: 'context too long' })).toEqual({
    text: '',
    sentence: 'The model server at HERE refused the request with 400. It said: context too long',
    tries: 1,
  })
})

test('an unknown model names the setting', async () => {
  const { sentence } = await fails({ kind: 'refuse', status: 404, message: 'no such model' })
  expect(sentence).toBe('The model server at HERE does not know "test-model". Check OPENAI_MODEL and OPENAI_BASE_URL.')
})

test.each(['broken', 'ended'] as const)('a stream that is cut (%s) is never a whole answer', async (how) => {
  expect(await fails({ kind: 'cut', pieces: ['With ', 'three'], how })).toEqual({
    text: 'With three',
    sentence: 'The answer is not complete: the connection to the model server at HERE broke off. Ask again.',
    tries: 1,
  })
})

test('an error inside of the stream ends it with what the server said', async () => {
  const { text, sentence } = await fails({ kind: 'error-inside', pieces: ['With '], message: 'overloaded' })
  expect(text).toBe('With ')
  expect(sentence).toMatch(/^The answer is not complete: .* It said: overloaded$/)
})

test('an answer that reached the length limit is not complete', async () => {
  const { text, sentence } = await fails({ kind: 'answer', pieces: ['With '], finish: 'length' })
  expect({ text, sentence }).toEqual({
    text: 'With ',
    sentence: 'The answer is not complete: the model reached its length limit.',
  })
})

test('an empty answer is a failure', async () => {
  expect((await fails({ kind: 'answer', pieces: [] })).sentence).toContain('empty answer')
})

test('a server that is not there is told of at once', async () => {
  const peer = await startOpenAiPeer({ kind: 'answer', pieces: [] })
  await peer.close()
  const { error } = await ask(peer.baseUrl)
  expect((error as Error).message).toContain(`${peer.baseUrl} could not be reached`)
})

test('a cancelled run leaves the server at once', async () => {
  const peer = await peerWith({ kind: 'stall', piece: 'With ' })
  const controller = new AbortController()
  const reason = new Error('the run was cancelled')
  const { text, error } = await ask(peer.baseUrl, { signal: controller.signal, onText: () => controller.abort(reason) })
  expect({ text, error }).toEqual({ text: 'With ', error: reason })
  await peer.left
})
