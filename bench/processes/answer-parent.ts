/** The child's side of the conversation with the bench: it says when it is ready, and answers by name. Never on the path that is measured. */

export interface Ask {
  readonly type: 'ask'
  readonly id: number
  readonly command: string
  readonly argument: unknown
}

export type FromChild =
  | { readonly type: 'ready'; readonly facts: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly value?: unknown; readonly error?: string }

type Answers = Readonly<Record<string, (argument: unknown) => unknown>>

const say = (message: FromChild): void => void process.send?.(message)

const isAsk = (message: unknown): message is Ask =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'ask'

/** Answers each ask. When the bench is gone, so is this process. */
export function answerParent(answers: Answers): void {
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group; the bench ends its children in order.
  process.on('SIGINT', () => undefined)
  process.on('message', async (message) => {
    if (!isAsk(message)) return
    const { id, command, argument } = message
    try {
      const answer = answers[command]
      if (!answer) throw new Error(`This process knows no command "${command}".`)
      say({ type: 'reply', id, value: await answer(argument) })
    } catch (error) {
      say({ type: 'reply', id, error: error instanceof Error ? error.message : String(error) })
    }
  })
}

export const sayReady = (facts: unknown = null): void => say({ type: 'ready', facts })
