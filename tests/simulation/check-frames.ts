/** What leaves on a channel is on disk (I5), and what arrives on it is counted. */
import { type Item, isTerminal, type ServerFrame } from '@pilotflame/core'
import { chunkKey, leaseKey, resultKey } from './books.ts'
import type { World } from './world.ts'

/** One connection, as the checks see it. */
export class Conversation {
  sessionId: string | null = null
  readonly batches = new Map<number, readonly Item[]>()
}

export interface FrameIn {
  readonly type: string
  readonly seq?: number
  readonly session_id?: string | null
  readonly items?: readonly Item[]
}

export function checkFrameIn(world: World, frame: FrameIn, conversation: Conversation): void {
  if (frame.type === 'beat' && frame.session_id) world.server.heard(frame.session_id, 'beat')
  if (frame.type !== 'batch' || frame.seq === undefined || !frame.items) return
  conversation.batches.set(frame.seq, frame.items)
  for (const item of frame.items) cover(world, item)
}

function cover(world: World, item: Item): void {
  const { books } = world.ledger
  const run = books.runs.get(item.run_id)?.run
  if (books.commitOf.has(keyOf(item))) world.cover('items sent again')
  if (!run || item.kind !== 'state' || !isTerminal(item.state.type)) return
  if (run.epoch > item.epoch) world.cover('late result after a new lease')
  if (item.state.type === 'COMPLETED' && item.epoch === run.epoch && run.state.type === 'CANCELLING') {
    world.cover('cancel against completion')
  }
}

const keyOf = (item: Item): string =>
  item.kind === 'chunk' ? chunkKey({ flowRunId: item.run_id, attempt: item.attempt, n: item.n }) : item.id

export function checkFrameOut(world: World, frame: ServerFrame, conversation: Conversation): void {
  switch (frame.type) {
    case 'welcome':
      conversation.sessionId = frame.session_id
      world.server.heard(frame.session_id, 'hello')
      return needsDisk(world, frame.session_id, 'the welcome of a session')
    case 'run':
      world.server.sent.add(`${frame.run_id} ${frame.epoch}`)
      return needsDisk(world, leaseKey(frame.run_id, frame.epoch), 'a run was sent whose lease')
    case 'ack': {
      const items = conversation.batches.get(frame.seq) ?? []
      conversation.batches.delete(frame.seq)
      const refused = new Set(frame.refused.map(({ index }) => index))
      items.forEach((item, index) => {
        if (!refused.has(index)) checkAcknowledged(world, item)
      })
      return
    }
    default:
      return
  }
}

/** A state or a task's state may have been passed over, by the rules; a chunk and a task's result may not. */
function checkAcknowledged(world: World, item: Item): void {
  const { ledger } = world
  if (!ledger.books.runs.has(item.run_id)) return
  if (ledger.whereIs(keyOf(item)) === 'written') needsDisk(world, keyOf(item), `an acknowledged ${item.kind}`)
  if (item.kind === 'chunk') needsDisk(world, keyOf(item), 'an acknowledged chunk')
  if (item.kind === 'task' && item.result !== undefined) {
    needsDisk(world, resultKey(item.run_id, `${item.task_key} ${item.dynamic_key}`), 'the acknowledged result of a task')
  }
}

export function needsDisk(world: World, key: string, what: string): void {
  const where = world.ledger.whereIs(key)
  if (where !== 'on disk') world.violated('I5', `${what} is ${where === 'written' ? 'not on disk yet' : 'not there'} (${key})`)
}
