/** The run's logger, and how a line becomes text. Levels are Python's, as Prefect has them. */
import type { RunHost } from './context.ts'
import { currentContext } from './context.ts'
import type { LogFields, Logger } from './run.ts'

export const LEVELS = { debug: 10, info: 20, warning: 30, error: 40 } as const

/** 1 MB: what one line may have; the rest is cut off. */
export const MESSAGE_CHARACTERS_MAX = 1_000_000

/** `text`, or its first 1 MB with a note that says how much is missing. */
export function cutMessage(text: string, charactersMax = MESSAGE_CHARACTERS_MAX): string {
  if (text.length <= charactersMax) return text
  return `${text.slice(0, charactersMax)}… [cut: ${text.length - charactersMax} more characters]`
}

const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return `${value.name}: ${value.message}`
  return value
}

/** The message with its fields behind it as JSON. Fields that JSON cannot say are named instead of failing the run. */
export function formatLine(message: string, fields: LogFields | undefined): string {
  if (fields === undefined) return String(message)
  try {
    return `${message} ${JSON.stringify(fields, plain)}`
  } catch {
    return `${message} [fields that JSON cannot say: ${Object.keys(fields).join(', ')}]`
  }
}

/** A logger that writes to `host`; a line written inside one of its tasks belongs to that task run. */
export function loggerOf(host: Pick<RunHost, 'log'>): Logger {
  const write = (level: number, message: string, fields: LogFields | undefined): void => {
    const context = currentContext()
    const taskRunId = context?.host === host ? context.taskRunId : null
    const name = taskRunId === null ? 'pilotflame.flow_runs' : 'pilotflame.task_runs'
    host.log(level, formatLine(message, fields), name, taskRunId)
  }
  return {
    debug: (message, fields) => write(LEVELS.debug, message, fields),
    info: (message, fields) => write(LEVELS.info, message, fields),
    warning: (message, fields) => write(LEVELS.warning, message, fields),
    error: (message, fields) => write(LEVELS.error, message, fields),
  }
}
