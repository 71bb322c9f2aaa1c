import { expect, test } from 'vitest'
import { blocksOf, NOTHING_FOUND, quoteAnswer, wordsOf } from './answer.ts'

const found = (heading: string, coverage = 1, text = `About ${heading}.`) => ({
  title: 'Page',
  heading,
  text,
  link: `docs/page.md#${heading}`,
  coverage,
})

test('nothing found is said, without a link', () => {
  expect(quoteAnswer([])).toBe(NOTHING_FOUND)
  expect(NOTHING_FOUND).not.toContain('docs/')
})

test('the best two passages are quoted with their links, the others are named', () => {
  expect(quoteAnswer([found('one'), found('two'), found('three')])).toBe(
    'one\n\nAbout one.\n\nFrom docs/page.md#one\n\ntwo\n\nAbout two.\n\nFrom docs/page.md#two\n\nSee also:\n- three: docs/page.md#three',
  )
})

test('a passage that supports the question less is not cited', () => {
  expect(quoteAnswer([found('one'), found('two', 0.8)])).not.toContain('two')
})

test('a long passage is cut between blocks, never inside of code', () => {
  const code = `\`\`\`sh\nfirst\n\n${'x'.repeat(1_500)}\n\`\`\``
  const answer = quoteAnswer([found('one', 1, `Intro.\n\n${code}\n\nEnd.`)])
  expect(answer).toBe('one\n\nIntro.\n\n[…]\n\nFrom docs/page.md#one')
})

test('a code block with blank lines is one block', () => {
  expect(blocksOf('a\n\n```\nb\n\nc\n```\n\nd')).toEqual(['a', '```\nb\n\nc\n```', 'd'])
})

test('the words joined are the text', () => {
  const text = ' Two  words\n\nand `code`\n'
  expect(wordsOf(text).join('')).toBe(text)
  expect(wordsOf('one two')).toEqual(['one ', 'two'])
})
