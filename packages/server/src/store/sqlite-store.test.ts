import type { VerdictOutcome } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { openSqliteStore } from './sqlite-store.ts'
import { sampleEvent, uuid } from './test/sample-rows.ts'
import { inMemory } from './test/stores.ts'

test('an image of a store in memory opens as the same store', async () => {
  const options = inMemory((done) => done(null))
  const store = await openSqliteStore(options)
  await store.transaction((tx) => tx.insertEvent(sampleEvent(1)))
  const image = await store.image()
  await store.transaction((tx) => tx.insertEvent(sampleEvent(2)))
  const copy = await openSqliteStore({ ...options, image })
  expect(await copy.find.findEvent(sampleEvent(1).id)).toEqual(sampleEvent(1))
  expect(await copy.find.findEvent(sampleEvent(2).id)).toBeUndefined()
  expect(await copy.transaction((tx) => tx.insertEvent(sampleEvent(2)))).toBe(true)
  await Promise.all([store.close(), copy.close()])
})

test('a verdict from before each action was done by itself says nothing of the others', async () => {
  const store = await openSqliteStore(inMemory((done) => done(null)))
  const old = { kind: 'failed', action: 0, code: 'deployment_not_found', message: 'There is none.' }
  await store.transaction(async (tx) => {
    tx.insertVerdict({ eventId: uuid(4, 1), automationId: uuid(10, 1), at: 1, outcome: old as VerdictOutcome })
  })
  expect(await store.read.verdicts(uuid(4, 1))).toMatchObject([{ outcome: { ...old, runs: [], also: [] } }])
  await store.close()
})
