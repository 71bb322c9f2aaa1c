import { expect, test } from 'vitest'
import { renderFields } from './fields.ts'

const fields = [
  ['id', '0198f3a0-5c1e-7000-8000-000000000001'],
  ['states', '2026-11-30T10:20:17.123Z  Scheduled\n2026-11-30T10:20:18.123Z  Completed'],
  ['message', 'the words of a sentence that is longer than sixty columns go below each other'],
] as const

test('values stand beside their names', () => {
  expect(renderFields({ fields: fields.slice(0, 2), width: Number.POSITIVE_INFINITY })).toEqual([
    'id      0198f3a0-5c1e-7000-8000-000000000001',
    'states  2026-11-30T10:20:17.123Z  Scheduled',
    '        2026-11-30T10:20:18.123Z  Completed',
  ])
})

test('a sentence is broken between words where its column is wide enough to read', () => {
  expect(renderFields({ fields: fields.slice(2), width: 60 })).toEqual([
    'message  the words of a sentence that is longer than sixty',
    '         columns go below each other',
  ])
})

test('in a narrow terminal a value stands below its name, with its lines as they are', () => {
  expect(renderFields({ fields, width: 40 })).toEqual([
    'id',
    '  0198f3a0-5c1e-7000-8000-000000000001',
    'states',
    '  2026-11-30T10:20:17.123Z  Scheduled',
    '  2026-11-30T10:20:18.123Z  Completed',
    'message',
    '  the words of a sentence that is longer',
    '  than sixty columns go below each other',
  ])
})
