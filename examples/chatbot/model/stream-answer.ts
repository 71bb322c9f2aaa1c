/**
 * Streams an answer from a model through the AI SDK, which is loaded when it is first needed.
 *
 * It ends in one of two ways: the model said that it is done, or `ModelFailure` is thrown with a sentence for
 * the person who asked. An answer that was cut is never passed off as a whole one.
 */
import { explainFailure, ModelFailure } from './explain-failure.ts'
import type { ModelSettings } from './settings.ts'

export interface ModelRequest {
  readonly instructions: string
  readonly prompt: string
  readonly signal: AbortSignal
}

/** How often a call that was refused for now (429) or failed (5xx) is tried again; a `Retry-After` up to 60 s is kept to. */
const RETRIES = 3

/** Pieces of the answer as they come. Throws `ModelFailure`, or the reason of `signal` when it was aborted. */
export async function* streamAnswer(settings: ModelSettings, request: ModelRequest): AsyncGenerator<string, void> {
  let said = false
  let finish: string | undefined
  try {
    for await (const part of await openStream(settings, request)) {
      if (part.type === 'error') throw part.error
      if (part.type === 'abort') break
      if (part.type === 'finish') finish = part.finishReason
      if (part.type !== 'text-delta' || part.text === '') continue
      said = true
      yield part.text
    }
  } catch (error) {
    request.signal.throwIfAborted()
    throw explainFailure(error, settings, said)
  }
  request.signal.throwIfAborted()
  refuseUnfinished(finish, said)
}

async function openStream(settings: ModelSettings, { instructions, prompt, signal }: ModelRequest) {
  const [{ streamText }, { createOpenAICompatible }] = await Promise.all([import('ai'), import('@ai-sdk/openai-compatible')])
  const { baseUrl, apiKey, model } = settings
  const provider = createOpenAICompatible({ name: 'openai', baseURL: baseUrl, apiKey, includeUsage: true, fetch: reach })
  const onError = () => {} // an error comes as a part of the stream as well
  return streamText({ model: provider(model), instructions, prompt, abortSignal: signal, maxRetries: RETRIES, onError }).stream
}

/**
 * A server that cannot be reached is told of at once: trying again would only keep the person waiting. The reason
 * is in the message alone, since the SDK tries again wherever it finds a network error among the causes.
 */
const reach: typeof fetch = async (...request) => {
  try {
    return await fetch(...request)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Error(`no connection: ${error.cause instanceof Error ? error.cause.message : error.message}`)
  }
}

function refuseUnfinished(finish: string | undefined, said: boolean): void {
  if (finish === 'length') throw new ModelFailure('The answer is not complete: the model reached its length limit.')
  if (finish === 'content-filter') throw new ModelFailure("The answer is not complete: the model's content filter stopped it.")
  if (finish !== 'stop') throw new ModelFailure('The answer is not complete: the model stopped without saying that it was done.')
  if (!said) throw new ModelFailure('The model gave an empty answer. Ask again, or choose another one with OPENAI_MODEL.')
}
