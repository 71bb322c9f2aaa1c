/** Reads what an executor sent. It may be of another version or broken, so nothing is believed before it was looked at. */
import { AppError, CHANNEL_PROTOCOL, type ExecutorFrame, type Item, isObject, isUuid } from '@pilotflame/core'

const bad = (what: string): AppError =>
  new AppError(
    'invalid_request',
    `The executor sent something this server cannot read: ${what}. Use the same version of pilotflame on both sides.`,
  )

const ITEM_CHECKS: Readonly<Record<Item['kind'], (item: Record<string, unknown>) => boolean>> = {
  state: (item) => isUuid(item.id) && isObject(item.state) && typeof item.state.type === 'string',
  task: (item) =>
    isUuid(item.id) &&
    isUuid(item.task_run_id) &&
    typeof item.task_key === 'string' &&
    typeof item.dynamic_key === 'string' &&
    isObject(item.state),
  log: (item) =>
    isUuid(item.id) && typeof item.message === 'string' && typeof item.level === 'number' && typeof item.at === 'number',
  chunk: (item) => typeof item.attempt === 'number' && typeof item.n === 'number' && typeof item.text === 'string',
}

function checkItem(item: unknown): void {
  if (!isObject(item) || typeof item.run_id !== 'string' || typeof item.epoch !== 'number')
    throw bad('an item without run_id or epoch')
  const check = Object.hasOwn(ITEM_CHECKS, String(item.kind)) ? ITEM_CHECKS[item.kind as Item['kind']] : undefined
  if (!check?.(item)) throw bad(`an item of kind ${JSON.stringify(item.kind)} with wrong fields`)
}

function checkHello(frame: Record<string, unknown>): void {
  if (frame.protocol !== CHANNEL_PROTOCOL) {
    throw bad(`protocol ${JSON.stringify(frame.protocol)}, and this server speaks ${CHANNEL_PROTOCOL}`)
  }
  const complete =
    Array.isArray(frame.deployments) &&
    Array.isArray(frame.holds) &&
    typeof frame.pid === 'number' &&
    typeof frame.limit === 'number'
  if (!complete) throw bad('a hello with missing fields')
}

export function checkFrame(frame: unknown): ExecutorFrame {
  if (!isObject(frame)) throw bad('a frame that is no object')
  switch (frame.type) {
    case 'hello':
      checkHello(frame)
      break
    case 'batch':
      if (!Array.isArray(frame.items) || typeof frame.seq !== 'number') throw bad('a batch without items or seq')
      frame.items.forEach(checkItem)
      break
    case 'beat':
      if (typeof frame.session_id !== 'string') throw bad('a beat without session_id')
      break
    case 'drain':
      break
    default:
      throw bad(`a frame of type ${JSON.stringify(frame.type)}`)
  }
  return frame as unknown as ExecutorFrame
}
