import { expect, test } from 'vitest'
import { runStartHooks } from './start-hooks.ts'

const nothing = () => undefined

test('hooks start in order, and clean up the other way round', async () => {
  const notes: string[] = []
  const cleanUp = await runStartHooks(
    [
      () => {
        notes.push('first')
        return () => notes.push('first is over')
      },
      async () => {
        notes.push('second')
        return async () => notes.push('second is over')
      },
      async () => undefined,
    ],
    nothing,
  )
  expect(notes).toEqual(['first', 'second'])
  await cleanUp()
  await cleanUp()
  expect(notes).toEqual(['first', 'second', 'second is over', 'first is over'])
})

test('one that throws: those before it are cleaned up, and those after it never start', async () => {
  const notes: string[] = []
  const hooks = [
    () => () => notes.push('cleaned'),
    () => {
      throw new Error('no database')
    },
    () => notes.push('never'),
  ]
  await expect(runStartHooks(hooks, nothing)).rejects.toThrow('no database')
  expect(notes).toEqual(['cleaned'])
})

test('a clean-up that fails is told, and the others follow', async () => {
  const notes: string[] = []
  const hooks = [
    () => () => notes.push('cleaned'),
    () => () => {
      throw new Error('already closed')
    },
  ]
  const cleanUp = await runStartHooks(hooks, (text) => notes.push(text))
  await cleanUp()
  expect(notes).toEqual(['The clean-up of onStart failed: already closed', 'cleaned'])
})
