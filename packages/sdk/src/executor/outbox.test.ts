import type { BatchFrame, ChunkItem } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { type Entry, HELD_CHARACTERS_MAX, type Lease, Outbox, type Refusal } from './outbox.ts'

const chunk = (n: number, text = ''): ChunkItem => ({ kind: 'chunk', run_id: 'r', epoch: 1, attempt: 1, n, text })
const lease = (): Lease => ({ lost: undefined })

/** An outbox whose batches are written when `turn` is called, and what was sent. */
function createOutbox() {
  const turns: (() => void)[] = []
  const outbox = new Outbox((flush) => void turns.push(flush))
  const sent: BatchFrame[] = []
  const send = (frame: BatchFrame) => void sent.push(frame)
  outbox.attach(send)
  const turn = () => {
    for (const flush of turns.splice(0)) flush()
  }
  const add = (n: number, more: Partial<Entry> = {}, urgent = false) =>
    outbox.add({ item: chunk(n), lease: lease(), characters: 1, ...more }, urgent)
  const numbers = () =>
    sent.map(({ seq, items }) => `${seq}: ${items.map((item) => (item.kind === 'chunk' ? item.n : '?')).join(' ')}`)
  const acknowledge = (seq: number) => outbox.acknowledge({ type: 'ack', seq, refused: [] })
  return { outbox, sent, send, turn, add, numbers, acknowledge }
}

test('items of one turn are one batch', () => {
  const { add, turn, numbers } = createOutbox()
  add(1)
  add(2)
  expect(numbers()).toEqual([])
  turn()
  expect(numbers()).toEqual(['1: 1 2'])
})

test('an urgent item leaves at once, with what waits before it', () => {
  const { add, numbers } = createOutbox()
  add(1)
  add(2, {}, true)
  expect(numbers()).toEqual(['1: 1 2'])
})

test('with four batches under way it gathers', () => {
  const { add, turn, numbers, acknowledge } = createOutbox()
  for (let n = 1; n <= 7; n++) {
    add(n)
    turn()
  }
  expect(numbers()).toEqual(['1: 1', '2: 2', '3: 3', '4: 4'])
  acknowledge(1)
  expect(numbers().at(-1)).toBe('5: 5 6 7')
})

test('what was not acknowledged is sent again before what came since', () => {
  const { outbox, add, turn, numbers, acknowledge, send } = createOutbox()
  for (let n = 1; n <= 3; n++) {
    add(n)
    turn()
  }
  acknowledge(2)
  outbox.detach()
  add(4)
  turn()
  outbox.attach(send)
  expect(numbers().slice(3)).toEqual(['4: 1 3 4'])
  acknowledge(1) // one of the old connection says nothing any more
  let idle = false
  void outbox.idle().then(() => {
    idle = true
  })
  acknowledge(4)
  return Promise.resolve().then(() => expect(idle).toBe(true))
})

test('each item hears whether it was taken', () => {
  const { outbox, add, turn } = createOutbox()
  const heard: (string | undefined)[] = []
  const settled = (refusal: Refusal | undefined) => void heard.push(refusal?.code)
  add(1, { settled })
  add(2, { settled })
  turn()
  outbox.acknowledge({ type: 'ack', seq: 1, refused: [{ index: 1, code: 'stale_lease', message: '' }] })
  expect(heard).toEqual([undefined, 'stale_lease'])
})

test('items of a lost lease are dropped', () => {
  const { add, turn, numbers } = createOutbox()
  const one = lease()
  const heard: (string | undefined)[] = []
  const settled = (refusal: Refusal | undefined) => void heard.push(refusal?.code)
  add(1, { lease: one, settled })
  add(2)
  one.lost = { code: 'stale_lease', message: '' }
  add(3, { lease: one, settled })
  turn()
  expect(numbers()).toEqual(['1: 2'])
  expect(heard).toEqual(['stale_lease', 'stale_lease'])
})

test('it says when too much is held back, and when there is room again', async () => {
  const { outbox, add, turn, acknowledge } = createOutbox()
  add(1, { characters: HELD_CHARACTERS_MAX })
  expect(outbox.full).toBe(true)
  expect(outbox.overfull).toBe(false)
  add(2, { characters: HELD_CHARACTERS_MAX })
  expect(outbox.overfull).toBe(true)
  const room = outbox.room()
  turn()
  acknowledge(1)
  expect(outbox.full).toBe(true)
  acknowledge(2)
  await room
  expect(outbox.full).toBe(false)
})

test('a large heap leaves in batches that a server can take', () => {
  const { add, turn, sent, acknowledge } = createOutbox()
  for (let n = 1; n <= 10_000; n++) add(n)
  turn()
  expect(sent.map(({ items }) => items.length)).toEqual([2_000, 2_000, 2_000, 2_000])
  acknowledge(1)
  expect(sent.flatMap(({ items }) => items)).toHaveLength(10_000)
})
