import { AppError } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { describe, exitCodeOf, toAppError } from './errors.ts'

const failure = (code: string, path: string) => Object.assign(new Error(`${code}: no`), { code, path })

test.each([
  [new AppError('run_failed', ''), 1],
  [new AppError('invalid_json', ''), 2],
  [new AppError('port_taken', ''), 3],
  [new AppError('run_not_found', ''), 4],
  [new AppError('unauthorized', ''), 5],
  [new AppError('server_unreachable', ''), 6],
])('%o', (error, code) => expect(exitCodeOf(error)).toBe(code))

test('what the operating system says becomes a sentence', () => {
  expect(toAppError(failure('ENOSPC', '/data')).message).toContain('The disk is full')
  expect(toAppError(failure('EACCES', '/data')).message).toContain('no permission to use /data')
  expect(toAppError(failure('ENOENT', 'x.ts'))).toMatchObject({ code: 'not_found' })
})

test('every fault is shown, and no stack trace', () => {
  const faults = [
    { loc: ['name'], msg: 'is missing', type: 'missing' },
    { loc: [], msg: 'unknown field', type: 'unknown_field', suggestion: 'payload' },
  ]
  const error = new AppError('invalid_request', 'The event does not fit.', { faults })
  expect(describe(error, { json: false, debug: false }).split('\n')).toEqual([
    'The event does not fit.',
    '  name: is missing',
    '  unknown field (did you mean payload?)',
  ])
  expect(describe(error, { json: false, debug: true })).toContain('errors.test.ts')
  expect(JSON.parse(describe(error, { json: true, debug: false }))).toEqual({
    code: 'invalid_request',
    exception_message: 'The event does not fit.',
    exception_detail: faults,
  })
})
