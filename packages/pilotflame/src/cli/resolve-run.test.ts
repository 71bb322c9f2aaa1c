import { expect, test } from 'vitest'
import { readRunReference } from './resolve-run.ts'

test('a run is named by its name, the end of its id, its id, or latest', () => {
  expect(readRunReference('latest')).toEqual({ kind: 'latest' })
  expect(readRunReference('01A20D0A-8F39-7395-B22F-658795E94E61')).toEqual({
    kind: 'id',
    id: '01a20d0a-8f39-7395-b22f-658795e94e61',
  })
  expect(readRunReference('95E94E61')).toEqual({ kind: 'suffix', suffix: '95e94e61' })
  expect(readRunReference('brisk-otter-7f3a')).toEqual({ kind: 'name', name: 'brisk-otter-7f3a' })
})
