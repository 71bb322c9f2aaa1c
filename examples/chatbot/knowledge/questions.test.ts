/** The search against Pilotflame's own docs: newcomers' questions find their passage, others find nothing. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildKnowledgeBase } from './knowledge-base.ts'
import { OFF_TOPIC, ON_TOPIC } from './questions.ts'
import { readDocs } from './read-docs.ts'

const passages = readDocs(fileURLToPath(new URL('../../../docs', import.meta.url)))
const knowledge = buildKnowledgeBase(passages)
const linksFor = (question: string) => knowledge.search(question).map(({ link }) => link)

describe('questions about Pilotflame', () => {
  test.each(ON_TOPIC)('the passage for "%s" exists', (_question, passage) => {
    expect(passages.map(({ link }) => link)).toContain(`docs/${passage}`)
  })

  test('at least nine of ten have their passage among the first three', () => {
    const missed = ON_TOPIC.filter(([question, passage]) => !linksFor(question).slice(0, 3).includes(`docs/${passage}`))
    expect(missed.length, missed.map(([question]) => question).join('\n')).toBeLessThanOrEqual(ON_TOPIC.length * 0.1)
  })

  test('at least three of four have it in the first place', () => {
    const missed = ON_TOPIC.filter(([question, passage]) => linksFor(question)[0] !== `docs/${passage}`)
    expect(missed.length, missed.map(([question]) => question).join('\n')).toBeLessThanOrEqual(ON_TOPIC.length * 0.25)
  })
})

test.each(OFF_TOPIC)('"%s" finds nothing', (question) => {
  expect(linksFor(question)).toEqual([])
})
