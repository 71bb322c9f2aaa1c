import { expect, test } from 'vitest'
import { CleanUp } from './clean-up.ts'

test('everything is undone once, the last first, even when one of them fails', async () => {
  const done: string[] = []
  const told: string[] = []
  const cleanUp = new CleanUp((text) => told.push(text))
  cleanUp.add(() => void done.push('folder'))
  cleanUp.add(() => {
    done.push('broken')
    throw new Error('already gone')
  })
  cleanUp.add(async () => void done.push('server'))
  await Promise.all([cleanUp.run(), cleanUp.run()])
  expect(done).toEqual(['server', 'broken', 'folder'])
  expect(told).toEqual(['Cleaning up: already gone'])
})
