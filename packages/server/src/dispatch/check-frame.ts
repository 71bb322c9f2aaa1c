/** Reads what an executor sent. It may be of another version or broken, so nothing is believed before it was looked at. */
import {
  AppError,
  CHANNEL_PROTOCOL,
  type ChildEndKind,
  type ExecutorFrame,
  type Item,
  isObject,
  isUuid,
  STATE_TYPES,
} from '@pilotflame/core'

const bad = (what: string): AppError =>
  new AppError(
    'invalid_request',
    `The executor sent something this server cannot read: ${what}. Use the same version of pilotflame on both sides.`,
  )

const isText = (value: unknown): boolean => typeof value === 'string'
const isTextOrNone = (value: unknown): boolean => value === undefined || value === null || isText(value)
/** What the store keeps as a number is whole. */
const isWhole = (value: unknown): boolean => Number.isSafeInteger(value)

const isObjectOrNone = (value: unknown): boolean => value === undefined || isObject(value)

const TYPES: ReadonlySet<unknown> = new Set(STATE_TYPES)

const isState = (state: unknown): boolean =>
  isObject(state) &&
  TYPES.has(state.type) &&
  isTextOrNone(state.name) &&
  isTextOrNone(state.message) &&
  isObjectOrNone(state.details)

const areMarks = (marks: unknown): boolean =>
  isObject(marks) && isText(marks.boot) && isObject(marks.at) && Object.values(marks.at).every(Number.isFinite)

const ITEM_CHECKS: Readonly<Record<Item['kind'], (item: Record<string, unknown>) => boolean>> = {
  state: (item) => isUuid(item.id) && isState(item.state) && (item.marks === undefined || areMarks(item.marks)),
  task: (item) =>
    isUuid(item.id) &&
    isUuid(item.task_run_id) &&
    isText(item.task_key) &&
    isText(item.dynamic_key) &&
    isText(item.name) &&
    isWhole(item.run_count) &&
    isWhole(item.at) &&
    isState(item.state),
  log: (item) =>
    isUuid(item.id) &&
    isTextOrNone(item.task_run_id) &&
    isText(item.name) &&
    isText(item.message) &&
    isWhole(item.level) &&
    isWhole(item.at),
  chunk: (item) => isWhole(item.attempt) && isWhole(item.n) && isText(item.text),
}

function checkItem(item: unknown): void {
  if (!isObject(item) || typeof item.run_id !== 'string' || typeof item.epoch !== 'number')
    throw bad('an item without run_id or epoch')
  const check = Object.hasOwn(ITEM_CHECKS, String(item.kind)) ? ITEM_CHECKS[item.kind as Item['kind']] : undefined
  if (!check?.(item)) throw bad(`an item of kind ${JSON.stringify(item.kind)} with wrong fields`)
}

const isTrigger = (offered: unknown): boolean =>
  isObject(offered) && isObject(offered.trigger) && isTextOrNone(offered.name) && isObjectOrNone(offered.parameters)

const isOffer = (offer: unknown): boolean =>
  isObject(offer) &&
  [offer.flow_name, offer.name, offer.version].every(isText) &&
  [offer.entrypoint, offer.description].every(isTextOrNone) &&
  Array.isArray(offer.tags) &&
  offer.tags.every(isText) &&
  isObject(offer.parameters) &&
  (offer.parameter_schema === null || isObject(offer.parameter_schema)) &&
  Array.isArray(offer.triggers) &&
  offer.triggers.every(isTrigger) &&
  isWhole(offer.retries) &&
  isWhole(offer.retry_delay_ms)

const isHeld = (held: unknown): boolean => isObject(held) && isText(held.run_id) && isWhole(held.epoch)

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
  const wrong = (frame.deployments as readonly unknown[]).find((offer) => !isOffer(offer))
  if (wrong !== undefined) throw bad(`a deployment with wrong fields: ${JSON.stringify(wrong).slice(0, 200)}`)
  if (!(frame.holds as readonly unknown[]).every(isHeld)) throw bad('a hello that holds something that is no run')
  const { role, uses, host_session_id: host } = frame
  if (role !== undefined && role !== 'executor' && role !== 'host') throw bad(`a hello in the role ${JSON.stringify(role)}`)
  if (uses !== undefined && uses !== null && typeof uses !== 'number') throw bad('a hello whose uses are no number')
  if (host !== undefined && host !== null && typeof host !== 'string') throw bad('a hello whose host_session_id is no text')
}

const END_KINDS: ReadonlySet<unknown> = new Set<ChildEndKind>([
  'exit',
  'signal',
  'memory',
  'stopped',
  'timeout',
  'cancel',
  'retired',
])

const isStage = (stage: unknown): boolean =>
  isObject(stage) && typeof stage.stage === 'string' && typeof stage.after_ms === 'number'

function checkChildEnd({ session_id, kind, message, stages }: Record<string, unknown>): void {
  const complete = (session_id === null || typeof session_id === 'string') && END_KINDS.has(kind) && typeof message === 'string'
  if (!complete) throw bad('a child_end with missing fields')
  if (stages !== undefined && !(Array.isArray(stages) && stages.every(isStage))) throw bad('a child_end with wrong stages')
}

function checkPool(frame: Record<string, unknown>): void {
  const counts = [frame.starting, frame.ready, frame.busy].every((count) => typeof count === 'number')
  const failure = frame.failure === null || typeof frame.failure === 'string'
  if (typeof frame.deployment_id !== 'string' || !counts || !failure) throw bad('a pool with missing fields')
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
    case 'child_end':
      checkChildEnd(frame)
      break
    case 'pool':
      checkPool(frame)
      break
    default:
      throw bad(`a frame of type ${JSON.stringify(frame.type)}`)
  }
  return frame as unknown as ExecutorFrame
}
