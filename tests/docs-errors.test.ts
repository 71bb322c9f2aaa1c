/** `docs/errors.md` explains every error code, in the order of the table in core, and nothing else. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERRORS } from '../packages/core/src/errors.ts'

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ code: section.slice(0, section.indexOf('\n')).trim(), text: section.slice(section.indexOf('\n')).trim() }))

test('the page has a heading for each error code, in the same order', () => {
  expect(sections.map(({ code }) => code)).toEqual(Object.keys(ERRORS))
})

test('each one names its HTTP status', () => {
  const wrong = sections.filter(({ code, text }) => !text.includes(`(${ERRORS[code as keyof typeof ERRORS]?.http})`))
  expect(wrong.map(({ code }) => code)).toEqual([])
})

test('each one says what happened and what to do', () => {
  const short = sections.filter(({ text }) => (text.match(/[.](?=\s|$)/g)?.length ?? 0) < 2)
  expect(short.map(({ code }) => code)).toEqual([])
})
