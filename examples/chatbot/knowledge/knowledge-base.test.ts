import { expect, test } from 'vitest'
import { buildKnowledgeBase } from './knowledge-base.ts'
import { splitPage } from './split.ts'

const knowledge = buildKnowledgeBase(
  splitPage(
    'docs/kitchen.md',
    `# Kitchen
## Boil an egg
Put the egg into boiling water for six minutes.
## Peel an onion
Cut the ends off, then pull the skin.
## Clean the oven
Use soda and warm water. Let it dry. Never clean an onion in it.
## Date of the soda
It stands on the box.`,
  ),
)
const headings = (question: string) => knowledge.search(question).map(({ heading }) => heading)

test('the passage whose heading says it comes first', () => expect(headings('how do I peel an onion?')[0]).toBe('Peel an onion'))
test('other forms of a word find it', () => expect(headings('cleaning ovens')).toEqual(['Clean the oven']))
test('a word that nothing holds turns a question of two words away', () => expect(headings('boil a lobster')).toEqual([]))
test('a question about something else finds nothing', () => expect(headings('who won the world cup?')).toEqual([]))
test('one word with the same stem is not the word', () => expect(headings('dating')).toEqual([]))
test('nothing asked, nothing found', () => expect(['', '???', 'what is it', '2'].flatMap(headings)).toEqual([]))
test('signs of the search language do no harm', () => expect(headings('"onion* OR (egg" AND -NEAR/2')).toEqual([]))
test('an index without passages finds nothing', () => expect(buildKnowledgeBase([]).search('onion')).toEqual([]))
