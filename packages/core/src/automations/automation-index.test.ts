import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event, Resource } from '../events.ts'
import { createAutomationIndex } from './automation-index.ts'
import { matches } from './match.ts'
import type { Automation, EventTrigger } from './types.ts'

const automation = (id: string, trigger: Partial<EventTrigger>, enabled = true): Automation => ({
  id,
  name: id,
  description: '',
  enabled,
  tags: [],
  trigger: {
    type: 'event',
    id: `trigger of ${id}`,
    match: {},
    match_related: [],
    after: [],
    expect: [],
    for_each: [],
    posture: 'Reactive',
    threshold: 1,
    within: 0,
    ...trigger,
  },
  actions: [{ type: 'do-nothing' }],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  createdAt: 0,
  updatedAt: 0,
})

const event = (name: string, resource: Resource = {}, related: readonly Resource[] = []): Event => ({
  id: 'e',
  occurred: 0,
  received: 0,
  event: name,
  resource: { 'prefect.resource.id': 'r', ...resource },
  related,
  payload: {},
  follows: null,
  chainDepth: 0,
  causeEventId: null,
})

/** The ids that are looked at for this event. */
const idsFor = (automations: readonly Automation[], given: Event): string[] => {
  const index = createAutomationIndex()
  for (const one of automations) index.put(one)
  return index.candidates(given).map(({ automation: { id } }) => id)
}

describe('an event meets the automations that want its name', () => {
  const all = [
    automation('exact', { expect: ['chat.message'] }),
    automation('prefix', { expect: ['chat.*'] }),
    automation('glob', { expect: ['*.message'] }),
    automation('any', {}),
    automation('star', { expect: ['*'] }),
    automation('after', { expect: ['x'], after: ['chat.message'] }),
    automation('twice', { expect: ['chat.*', 'chat.message'] }),
    automation('other', { expect: ['chat.left'] }),
    automation('off', { expect: ['chat.message'] }, false),
  ]
  test('each once, in the order in which they came', () => {
    expect(idsFor(all, event('chat.message'))).toEqual(['exact', 'prefix', 'glob', 'any', 'star', 'after', 'twice'])
  })
  test('whether any wants a name is told without the event', () => {
    const index = createAutomationIndex()
    expect(index.mayMatch('chat.message')).toBe(false)
    for (const one of all.slice(0, 3)) index.put(one)
    expect(['chat.message', 'chat.left', 'x.message', 'x'].map((name) => index.mayMatch(name))).toEqual([true, true, true, false])
    index.put(automation('any', {}))
    expect(index.mayMatch('x')).toBe(true)
    index.remove('any')
    expect(index.mayMatch('x')).toBe(false)
  })
})

describe('changes', () => {
  test('one that is put again stands in the place of the first', () => {
    const changed = [automation('a', { expect: ['one'] }), automation('a', { expect: ['two'] })]
    expect(idsFor(changed, event('one'))).toEqual([])
    expect(idsFor(changed, event('two'))).toEqual(['a'])
  })
  test('one that is switched off or removed is gone', () => {
    const index = createAutomationIndex()
    index.put(automation('a', { expect: ['one', 'on*'], match: { team: 'x' } }))
    index.put(automation('b', { expect: ['one'] }))
    index.put(automation('a', { expect: ['one'] }, false))
    index.remove('b')
    index.remove('nobody')
    expect(index.candidates(event('one', { team: 'x' }))).toEqual([])
    expect([index.size, index.mayMatch('one')]).toEqual([0, false])
  })
})

describe('among 10 000 automations, an event meets as few as among 10', () => {
  const fill = (make: (n: number) => Partial<EventTrigger>) => {
    const index = createAutomationIndex()
    for (let n = 0; n < 10_000; n++) index.put(automation(`a${n}`, make(n)))
    return index
  }
  test('each on an event name of its own', () => {
    expect(fill((n) => ({ expect: [`event.${n}`] })).candidates(event('event.77'))).toHaveLength(1)
  })
  test('each on a prefix of its own', () => {
    expect(fill((n) => ({ expect: [`tenant-${n}.*`] })).candidates(event('tenant-77.made'))).toHaveLength(1)
  })
  test('all on one event name, each on a resource of its own', () => {
    const index = fill((n) => ({ expect: ['made'], match: { 'prefect.resource.id': `thing.${n}` } }))
    expect(index.candidates(event('made', { 'prefect.resource.id': 'thing.77' }))).toHaveLength(1)
    expect(index.candidates(event('made'))).toHaveLength(0)
  })
  test('all on the state of a run, each on a flow of its own', () => {
    const index = fill((n) => ({
      expect: ['prefect.flow-run.Completed'],
      match: { 'prefect.resource.id': 'prefect.flow-run.*' },
      match_related: [{ 'prefect.resource.role': 'flow', 'prefect.resource.id': [`prefect.flow.${n}`] }],
    }))
    const flow = { 'prefect.resource.role': 'flow', 'prefect.resource.id': 'prefect.flow.77' }
    expect(index.candidates(event('prefect.flow-run.Completed', {}, [flow]))).toHaveLength(1)
  })
})

test('none that matches is passed over, whatever is put and removed', () => {
  const name = fc.constantFrom('a', 'ab', 'a.b', 'b', 'a*', 'a.*', '*', '*b', '!a', 'a?')
  const value = fc.constantFrom('x', 'y', 'x*', '!x', '*', '')
  const values = fc.oneof(value, fc.array(value, { maxLength: 2 }))
  const spec = fc.dictionary(fc.constantFrom('prefect.resource.id', 'prefect.resource.role', 'team'), values)
  const trigger = fc.record({
    expect: fc.array(name, { maxLength: 2 }),
    after: fc.array(name, { maxLength: 1 }),
    match: spec,
    match_related: fc.array(spec, { maxLength: 2 }),
  })
  const resource = fc.record({
    'prefect.resource.id': fc.constantFrom('x', 'y', 'xy'),
    'prefect.resource.role': fc.constantFrom('x', 'y'),
    team: fc.constantFrom('x', 'y', ''),
  })
  const events = fc.tuple(fc.constantFrom('a', 'ab', 'a.b', 'b', '!a'), resource, fc.array(resource, { maxLength: 2 }))
  const change = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.option(trigger))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), events, (changes, [eventName, itself, related]) => {
      const index = createAutomationIndex()
      const left = new Map<string, Automation>()
      for (const [n, given] of changes) {
        if (given === null) index.remove(`${n}`)
        else index.put(automation(`${n}`, given))
        left.delete(`${n}`)
        if (given !== null) left.set(`${n}`, automation(`${n}`, given))
      }
      const one = event(eventName, itself, related)
      const wanted = [...left.values()].filter((candidate) => matches(candidate.trigger, one)).map(({ id }) => id)
      const found = index.candidates(one).filter((candidate) => candidate.matches(one))
      expect(found.map(({ automation: { id } }) => id)).toEqual(wanted)
      if (wanted.length > 0) expect(index.mayMatch(eventName)).toBe(true)
    }),
  )
})
