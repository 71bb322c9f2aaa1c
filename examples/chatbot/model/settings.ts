/** The model that answers, from the environment: any server that speaks OpenAI's chat completions. */
export interface ModelSettings {
  readonly baseUrl: string
  readonly apiKey: string
  readonly model: string
}

/** `undefined` without `OPENAI_API_KEY`: the chatbot then answers from the docs alone. */
export function findModelSettings(environment: Readonly<Record<string, string | undefined>>): ModelSettings | undefined {
  const apiKey = environment.OPENAI_API_KEY?.trim()
  if (!apiKey) return undefined
  return {
    apiKey,
    baseUrl: environment.OPENAI_BASE_URL?.trim() || 'https://api.openai.com/v1',
    model: environment.OPENAI_MODEL?.trim() || 'gpt-4o-mini',
  }
}
