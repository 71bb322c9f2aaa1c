import { expect, test } from 'vitest'
import { anchorOf, anchorsIn, splitPage } from './split.ts'

const page = (markdown: string) => splitPage('docs/page.md', markdown)

test('each heading with text is a passage with a link to itself', () => {
  expect(page('# Title\n\nIntro.\n\n## First part\n\nOne.\n\nTwo.\n')).toEqual([
    { title: 'Title', heading: 'Title', text: 'Intro.', link: 'docs/page.md#title' },
    { title: 'Title', heading: 'First part', text: 'One.\n\nTwo.', link: 'docs/page.md#first-part' },
  ])
})

test('a heading without text of its own is no passage', () => {
  expect(page('# Title\n\n## Part\n\nText.').map(({ heading }) => heading)).toEqual(['Part'])
})

test('a comment in a code block is not a heading', () => {
  const [passage, second] = page('# Title\n\n```sh\n# not a heading\nls\n```\n')
  expect(passage?.text).toContain('# not a heading')
  expect(second).toBeUndefined()
})

test('a longer fence is closed by its own kind only', () => {
  expect(page('# Title\n\n````md\n```\n# inside\n```\n````\n\n## After\n\nText.').map(({ heading }) => heading)).toEqual([
    'Title',
    'After',
  ])
})

test('anchors are those of Markdown hosts', () => {
  expect(anchorOf('Late: what it means')).toBe('late-what-it-means')
  expect(anchorOf('Count per customer with for_each')).toBe('count-per-customer-with-for_each')
  expect(anchorOf("A run's state — and more")).toBe('a-runs-state--and-more')
})

test('the second heading of a name gets a number', () => {
  expect(anchorsIn('# A\n\n## Limits\n\n## `Limits`\n')).toEqual(['a', 'limits', 'limits-1'])
})

test('text before the first heading belongs to no passage', () => {
  expect(page('Loose text.')).toEqual([])
})
