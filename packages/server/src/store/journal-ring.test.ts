/** The journal's records in their blocks: which count after a crash, and where there is room for the next one. */
import { expect, test } from 'vitest'
import { BLOCK_BYTES, blocksInMemory } from './block-file.ts'
import { JournalRing } from './journal-ring.ts'

const BYTES_MAX = 20_000

function makeRing(blocks = 8) {
  const file = blocksInMemory((done) => done(null), { blocks })
  const ring = new JournalRing(file, BYTES_MAX)
  ring.clear()
  ring.begin(7)
  const left = (applied = 0, life = 7) => ring.readLeft(life, applied).map(({ text }) => text)
  return { file, ring, left }
}

test('records come back as they were written, behind what is applied', () => {
  const { ring, left } = makeRing()
  expect(left()).toEqual([])
  const long = `ü${'x'.repeat(2 * BLOCK_BYTES)}`
  expect([ring.append(1, 'one'), ring.append(2, long), ring.append(3, 'three')]).toEqual(['written', 'written', 'written'])
  expect(left()).toEqual(['one', long, 'three'])
  expect(left(2)).toEqual(['three'])
  expect(left(3)).toEqual([])
})

test('those of another life are nobody’s', () => {
  const { ring, left } = makeRing()
  ring.append(1, 'one')
  expect(left(0, 8)).toEqual([])
  ring.clear()
  ring.begin(8)
  expect(left(0, 7)).toEqual([])
  expect(left(0, 8)).toEqual([])
})

test('what comes behind a record that is torn does not count', () => {
  for (const torn of [3, 30, BLOCK_BYTES + 10]) {
    const { file, ring, left } = makeRing()
    ring.append(1, 'one')
    ring.append(2, 'x'.repeat(2 * BLOCK_BYTES))
    ring.append(3, 'three')
    const bytes = file.read()
    bytes[BLOCK_BYTES + torn] = 1 + (bytes[BLOCK_BYTES + torn] ?? 0)
    expect(left()).toEqual(['one'])
  }
})

test('a file that was cut short, or is of another kind, has what is whole in it', () => {
  const { file, ring } = makeRing()
  ring.append(1, 'one')
  ring.append(2, 'two')
  const read = (bytes: Uint8Array) =>
    new JournalRing({ ...file, read: () => bytes }, BYTES_MAX).readLeft(7, 0).map(({ text }) => text)
  expect(read(file.read().slice(0, BLOCK_BYTES + 26))).toEqual(['one'])
  expect(read(file.read().slice(0, 10))).toEqual([])
  expect(read(new TextEncoder().encode('no journal '.repeat(1_000)))).toEqual([])
})

test('its room is used from the front again, when it was given back', () => {
  const { ring, left } = makeRing(4)
  for (const id of [1, 2, 3]) expect(ring.append(id, `record ${id}`)).toBe('written')
  ring.release(0)
  expect(ring.append(4, 'in the last block')).toBe('written')
  expect(ring.append(5, 'no room')).toBe('no room')
  expect(left()).toHaveLength(4)
  ring.release(2)
  expect(ring.append(5, 'record 5')).toBe('written')
  expect(ring.append(6, 'next to the oldest')).toBe('no room')
  expect(left(2)).toEqual(['record 3', 'in the last block', 'record 5'])
  ring.release(5)
  for (const id of [6, 7, 8]) expect(ring.append(id, `record ${id}`)).toBe('written')
  expect(left(5)).toEqual(['record 6', 'record 7', 'record 8'])
})

test('a long record does not go over the end, nor into what is kept', () => {
  const { ring, left } = makeRing(6)
  const twoBlocks = 'x'.repeat(BLOCK_BYTES)
  for (const id of [1, 2]) expect(ring.append(id, twoBlocks)).toBe('written')
  expect(ring.append(3, 'one block')).toBe('written')
  ring.release(1)
  expect(ring.append(4, twoBlocks)).toBe('no room') // one block at the end, two at the front next to the oldest
  ring.release(2)
  expect(ring.append(4, twoBlocks)).toBe('written')
  expect(left(2)).toEqual(['one block', twoBlocks])
})

test('a record that is too long, or for which the file has never room, is refused', () => {
  const { ring } = makeRing(2)
  expect(ring.append(1, 'x'.repeat(BYTES_MAX + BLOCK_BYTES))).toBe('no room')
  expect(ring.append(1, 'x'.repeat(2 * BLOCK_BYTES))).toBe('no room')
  expect(ring.append(1, 'short')).toBe('written')
})

test('before its life has begun it takes nothing', () => {
  const ring = new JournalRing(
    blocksInMemory((done) => done(null)),
    BYTES_MAX,
  )
  expect(ring.append(1, 'one')).toBe('no room')
})

test('after a write that failed it takes nothing more', () => {
  const file = blocksInMemory((done) => done(null))
  let writes = 0
  const refuse = () => {
    writes += 1
    throw new Error('EIO')
  }
  const ring = new JournalRing({ ...file, write: refuse }, BYTES_MAX)
  ring.clear()
  ring.begin(7)
  expect([ring.append(1, 'one'), ring.append(2, 'two')]).toEqual(['failed', 'no room'])
  expect(writes).toBe(1)
})
