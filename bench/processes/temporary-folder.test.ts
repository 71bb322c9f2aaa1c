import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { makeTemporaryFolder, otherBenches } from './temporary-folder.ts'

test('a folder is there until it is removed, and is not taken for another bench', () => {
  const folder = makeTemporaryFolder()
  expect(existsSync(folder.path)).toBe(true)
  expect(otherBenches([basename(folder.path)], () => true)).toEqual([])
  folder.remove()
  expect(existsSync(folder.path)).toBe(false)
})

test('another bench counts while its process lives; what a killed one has left does not', () => {
  const names = ['pilotflame-bench-4000001-abc', 'pilotflame-bench-4000002-def', 'something-else', 'pilotflame-bench-x']
  expect(otherBenches(names, (pid) => pid === 4000002)).toEqual([4000002])
})
