import { expect, test } from 'vitest'
import { openSqliteStore } from './sqlite-store.ts'
import { sampleEvent } from './test/sample-rows.ts'
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
