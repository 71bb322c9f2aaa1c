/** The soak has teeth: growth of each kind is seen, and what only goes up and down is none. */
import { expect, test } from 'vitest'
import { judge } from './judge.ts'
import type { Sample } from './sample.ts'

const part = { rssMb: 200, heapMb: 50, externalMb: 5, descriptors: 20, threads: 11 }
const sample = (second: number, change: (at: number) => Partial<Sample> = () => ({})): Sample => ({
  second,
  server: part,
  executor: part,
  processes: 2,
  databaseMb: 100,
  logMb: 40,
  events: second,
  ...change(second),
})
const wrong = (change?: (at: number) => Partial<Sample>) =>
  judge(Array.from({ length: 30 }, (_, index) => sample(index, change)))
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)

test('what goes up and down is level', () => {
  expect(wrong()).toEqual([])
  expect(wrong((at) => ({ databaseMb: 100 + (at % 5) * 10, processes: 2 + (at % 2) }))).toEqual([])
  expect(wrong((at) => ({ server: { ...part, rssMb: 200 + at * 0.3 } }))).toEqual([])
})

test('what grows is named', () => {
  expect(wrong((at) => ({ server: { ...part, rssMb: 200 + at } }))).toEqual(['memory (RSS) of the server, in MB'])
  expect(wrong((at) => ({ executor: { ...part, heapMb: 50 + at } }))).toEqual(['heap of the executor, in MB'])
  expect(wrong((at) => ({ databaseMb: 100 + at }))).toEqual(['database on the disk, in MB'])
  expect(wrong((at) => ({ logMb: 40 + at * 10 }))).toEqual(['log of the database, in MB (at most 160)'])
  expect(wrong((at) => ({ server: { ...part, descriptors: 20 + at } }))).toEqual(['descriptors of the server'])
  expect(wrong((at) => ({ processes: 2 + Math.floor(at / 10) }))).toEqual(['processes'])
})
