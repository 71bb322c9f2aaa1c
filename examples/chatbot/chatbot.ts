/**
 * The example that `npm start` serves: a question comes in as the event `chat.message`, and the answer streams
 * back. Without a model key it quotes Pilotflame's own docs; with OPENAI_API_KEY a model answers from the same
 * passages.
 */
import { fileURLToPath } from 'node:url'
import { flow, task } from 'pilotflame'
import { NOTHING_FOUND, quoteAnswer, wordsOf } from './answer.ts'
import { buildKnowledgeBase, type Found } from './knowledge/knowledge-base.ts'
import { readDocs } from './knowledge/read-docs.ts'
import { ModelFailure } from './model/explain-failure.ts'
import { findModelSettings, type ModelSettings } from './model/settings.ts'
import { streamAnswer } from './model/stream-answer.ts'
import { INSTRUCTIONS, promptFor } from './prompt.ts'

const docs = process.env.CHATBOT_DOCS ?? fileURLToPath(new URL('../../docs', import.meta.url))
const knowledge = buildKnowledgeBase(readDocs(docs)) // once, before the first run
const model = findModelSettings(process.env)

const lookUp = task('look-up', async (question: string) => knowledge.search(question))

export interface ChatAnswer {
  readonly answer: string
  /** Passages of the docs that it rests on. */
  readonly links: readonly string[]
}

export const chatbot = flow(
  'chatbot',
  async ({ question }: { question: string }, run): Promise<ChatAnswer> => {
    const found = await lookUp(question)
    let answer = ''
    for await (const text of answerTo(question, found, run.signal)) {
      await run.stream(text)
      answer += text
    }
    return { answer, links: found.map(({ link }) => link) }
  },
  {
    parameters: {
      type: 'object',
      properties: { question: { type: 'string', minLength: 1, maxLength: 4_000 } },
      required: ['question'],
    },
  },
)

/** Pieces of the answer. A failure of the model is said in the stream before it is thrown. */
async function* answerTo(question: string, found: readonly Found[], signal: AbortSignal): AsyncGenerator<string> {
  if (found.length === 0) yield* wordsOf(NOTHING_FOUND)
  else if (model === undefined) yield* wordsOf(quoteAnswer(found))
  else yield* modelAnswer(model, question, found, signal)
}

async function* modelAnswer(settings: ModelSettings, question: string, found: readonly Found[], signal: AbortSignal) {
  let said = false
  try {
    for await (const text of streamAnswer(settings, { instructions: INSTRUCTIONS, prompt: promptFor(question, found), signal })) {
      said = true
      yield text
    }
  } catch (error) {
    if (error instanceof ModelFailure) yield `${said ? '\n\n' : ''}${error.message}`
    throw error
  }
}

if (import.meta.main) await chatbot.serve({ name: 'chatbot', on: 'chat.message' })
