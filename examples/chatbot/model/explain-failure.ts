/** What went wrong with the model, in one sentence for the person who asked. */
import type { ModelSettings } from './settings.ts'

/** Its message may be shown as it is. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure'
}

/** `said` is true when a part of the answer was shown already. */
export function explainFailure(error: unknown, settings: ModelSettings, said: boolean): ModelFailure {
  const start = said ? 'The answer is not complete: ' : ''
  const sentence = reasonOf(lastOf(error), settings, said)
  return new ModelFailure(start + (said ? lowerFirst(sentence) : sentence), { cause: error })
}

/** The error of the last try. */
const lastOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'lastError' in error && error.lastError !== undefined ? error.lastError : error

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

function reasonOf(error: unknown, settings: ModelSettings, said: boolean): string {
  const status = statusOf(error)
  const told = toldBy(error)
  const where = settings.baseUrl
  if (status === 401 || status === 403) return `The model server at ${where} refused the key. Check OPENAI_API_KEY.`
  if (status === 404)
    return `The model server at ${where} does not know "${settings.model}". Check OPENAI_MODEL and OPENAI_BASE_URL.`
  if (status === 429)
    return `The model server at ${where} is still limiting requests after several tries. Ask again in a minute.${told}`
  if (status !== undefined && status >= 500)
    return `The model server at ${where} failed with ${status}. Ask again in a moment.${told}`
  if (status !== undefined && status >= 400) return `The model server at ${where} refused the request with ${status}.${told}`
  if (told !== '') return `The model server at ${where} reported an error.${told}`
  if (said) return `The connection to the model server at ${where} broke off. Ask again.`
  return `The model server at ${where} could not be reached, or gave no usable answer. Check OPENAI_BASE_URL.`
}

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined

/** What the server itself said about it, cut to a readable length. */
function toldBy(error: unknown): string {
  const body = bodyOf(error)
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : body
  return typeof message === 'string' && message.trim() !== '' ? ` It said: ${message.trim().slice(0, 200)}` : ''
}

/** The error object of the response, or of the stream. */
function bodyOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  if ('data' in error && typeof error.data === 'object' && error.data !== null && 'error' in error.data) return error.data.error
  if (error instanceof Error) return 'statusCode' in error && !('responseBody' in error) ? error.message : undefined
  return error
}
