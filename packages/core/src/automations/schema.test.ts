import { describe, expect, test } from 'vitest'
import { automationToWire } from '../api/wire-automations.ts'
import { parseAutomationInput, parseTrigger } from './schema.ts'

const ID = '00000000-0000-4000-8000-000000000001'
const DEPLOYMENT = '00000000-0000-4000-8000-000000000002'
const makeId = () => ID
const trigger = { type: 'event', posture: 'Reactive', expect: ['chat.message'] }
const run = { type: 'run-deployment', source: 'selected', deployment_id: DEPLOYMENT }
const base = { name: 'a', trigger, actions: [run] }

const faults = (json: unknown): string[] => {
  const parsed = parseAutomationInput(json, makeId)
  return parsed.ok ? [] : parsed.faults.map(({ loc, msg }) => `${loc.join('.')} ${msg}`)
}
const warnings = (json: unknown): readonly string[] => {
  const parsed = parseAutomationInput(json, makeId)
  return parsed.ok ? parsed.warnings : ['refused']
}

/** What Prefect's Python client sends. */
const sent = {
  name: 'answer',
  description: '',
  enabled: true,
  tags: [],
  trigger: {
    type: 'event',
    id: DEPLOYMENT,
    match: { 'prefect.resource.id': 'room.*' },
    match_related: [{ 'prefect.resource.role': 'flow' }, {}],
    after: [],
    expect: ['chat.message', 'chat.message'],
    for_each: ['prefect.resource.id'],
    posture: 'Reactive',
    threshold: 2,
    within: 'PT1M30S',
  },
  actions: [{ ...run, parameters: { q: '{{ event.payload.q }}' }, job_variables: null, schedule_after: 5.0 }],
  actions_on_trigger: [],
  actions_on_resolve: [{ type: 'do-nothing' }],
  owner_resource: null,
}

describe("Prefect's JSON", () => {
  test('is read with its units and sets', () => {
    const parsed = parseAutomationInput(sent, makeId)
    expect(parsed).toMatchObject({ ok: true, warnings: [] })
    if (!parsed.ok) return
    const { trigger, actions, actionsOnResolve } = parsed.automation
    expect(trigger).toEqual({
      ...sent.trigger,
      match_related: [{ 'prefect.resource.role': 'flow' }],
      expect: ['chat.message'],
      within: 90,
    })
    expect(actions).toEqual([{ ...sent.actions[0], schedule_after: 5 }])
    expect(actionsOnResolve).toEqual([{ type: 'do-nothing' }])
  })
  test('comes back in the form of its answers, and is read again from it', () => {
    const parsed = parseAutomationInput(sent, makeId)
    if (!parsed.ok) throw new Error('refused')
    const wire = automationToWire({ ...parsed.automation, id: ID, createdAt: 0, updatedAt: 0 })
    expect(wire.trigger).toMatchObject({ type: 'event', posture: 'Reactive', within: 90, threshold: 2 })
    const { id: _id, created: _created, updated: _updated, ...again } = wire
    expect(parseAutomationInput(again, makeId)).toEqual(parsed)
  })
  test('defaults are filled in', () => {
    const parsed = parseAutomationInput({ name: 'a', trigger: { expect: ['x'] }, actions: [] }, makeId)
    expect(parsed).toMatchObject({
      automation: { description: '', enabled: true, tags: [], actionsOnTrigger: [], ownerResource: null },
    })
    expect(parsed.ok && parsed.automation.trigger).toEqual({
      ...{ type: 'event', id: ID, posture: 'Reactive', match: {}, match_related: [], after: [], expect: ['x'], for_each: [] },
      ...{ threshold: 1, within: 0 },
    })
  })
  test('related resources are one spec or a list', () => {
    const related = (match_related: unknown) => {
      const parsed = parseTrigger({ expect: ['x'], match_related }, makeId)
      return parsed.ok ? parsed.trigger.match_related : parsed.faults.map(({ loc, msg }) => `${loc.join('.')} ${msg}`)
    }
    expect(related({ role: 'flow' })).toEqual([{ role: 'flow' }])
    expect(related([{ role: 'flow' }, { tag: ['a', 'b'] }])).toEqual([{ role: 'flow' }, { tag: ['a', 'b'] }])
    expect([related({}), related(null), related([])]).toEqual([[], [], []])
    expect(related({ role: 5 })).toEqual(['match_related.role should be a text or a list of texts, and is 5'])
    expect(related([{}, 'x'])).toEqual(['match_related.1 should be an object, and is "x"'])
  })

  test('a label that would narrow nothing is refused', () => {
    const parsed = parseTrigger({ expect: ['x'], match: JSON.parse('{"__proto__":"a"}') }, makeId)
    expect(parsed).toMatchObject({ ok: false, faults: [{ loc: ['match'], msg: 'cannot have the label __proto__' }] })
  })
})

describe('a trigger can be a text', () => {
  test('an event name, or a prefix', () => {
    expect(parseTrigger('chat.message', makeId)).toMatchObject({ ok: true, trigger: { id: ID, expect: ['chat.message'] } })
    expect(parseTrigger('chat.*', makeId)).toMatchObject({ ok: true, trigger: { expect: ['chat.*'], threshold: 1, within: 0 } })
  })
  test('an empty one is refused', () => expect(parseTrigger('', makeId)).toMatchObject({ ok: false }))
})

describe('what is wrong is told all at once', () => {
  test.each<readonly [json: unknown, faults: string[]]>([
    [{}, ['name is required and missing', 'trigger is required and missing', 'actions is required and missing']],
    [{ name: 'a', actions: [] }, ['trigger is required and missing']],
    [[], [' should be an object, and is []']],
    [
      { ...base, triger: 1, x: 1 },
      ['triger is no field of an automation; did you mean "trigger"?', 'x is no field of an automation'],
    ],
    [{ ...base, name: 5, enabled: 'yes' }, ['name should be a text, and is 5', 'enabled should be true or false, and is "yes"']],
    [{ ...base, name: '' }, ['name should not be empty, and is ""']],
    [{ ...base, trigger: 5 }, ['trigger should be an object, and is 5']],
    [{ ...base, trigger: { ...trigger, posture: 'Reactve' } }, ['trigger.posture is "Reactve"; did you mean "Reactive"?']],
    [{ ...base, trigger: { ...trigger, threshold: 0 } }, ['trigger.threshold should be at least 1, and is 0']],
    [
      { ...base, trigger: { ...trigger, expect: 'x', within: -1 } },
      [
        'trigger.expect should be a list, and is "x"',
        'trigger.within should be a length of time, a number of seconds or ISO-8601 such as PT10S, and is -1',
      ],
    ],
    [
      { ...base, actions: [{ type: 'run-deploymnt' }, {}, 5] },
      [
        'actions.0.type is "run-deploymnt"; did you mean "run-deployment"?',
        'actions.1.type is missing; served is "run-deployment" and "do-nothing"',
        'actions.2.type is missing; served is "run-deployment" and "do-nothing"',
      ],
    ],
    [{ ...base, actions: [{ ...run, deployment_id: 'x' }] }, ['actions.0.deployment_id should be a UUID']],
    [
      { ...base, actions: [{ type: 'run-deployment' }] },
      ['actions.0.deployment_id is required and missing where the source is "selected"'],
    ],
    [
      { ...base, actions: [{ ...run, source: 'inferred' }] },
      ['actions.0.deployment_id is not allowed where the source is "inferred"'],
    ],
    [
      { ...base, actions_on_trigger: [{ ...run, parameters: { a: [{ b: '{{ x ' }] } }] },
      ['actions_on_trigger.0.parameters.a.0.b is no template that can be read: Unexpected end of input'],
    ],
  ])('%j', (json, wanted) => expect(faults(json)).toEqual(wanted))
})

describe('what is not served yet is told apart', () => {
  test.each<readonly [json: unknown, fault: string]>([
    [
      { ...base, trigger: { type: 'compound', triggers: [] } },
      'trigger.type is "compound", which is not served yet; served is "event"',
    ],
    [
      { ...base, trigger: { type: 'sequence', triggers: [] } },
      'trigger.type is "sequence", which is not served yet; served is "event"',
    ],
    [
      { ...base, trigger: { ...trigger, posture: 'Proactive' } },
      'trigger.posture is "Proactive", which is not served yet; served is "Reactive"',
    ],
    [
      { ...base, actions: [{ type: 'pause-deployment' }] },
      'actions.0.type is "pause-deployment", which is not served yet; served is "run-deployment" and "do-nothing"',
    ],
  ])('%j', (json, fault) => {
    expect(faults(json)).toEqual([fault])
    const parsed = parseAutomationInput(json, makeId)
    expect(parsed.ok ? [] : parsed.faults.map(({ type }) => type)).toEqual(['not_implemented'])
  })
})

describe('what passes with a warning', () => {
  test('unknown fields of the trigger and of an action', () => {
    expect(warnings({ ...base, trigger: { ...trigger, treshold: 3 }, actions: [{ ...run, colour: 1 }] })).toEqual([
      'the trigger has a field "treshold" that is not known here (did you mean "threshold"?); it is passed over',
      'the action has a field "colour" that is not known here; it is passed over',
    ])
  })
  test('wildcards that event names do not know', () => {
    expect(warnings({ ...base, trigger: { expect: ['a?', 'b*'], after: ['!c'] } })).toEqual([
      expect.stringContaining('"a?" is not what it looks like'),
      expect.stringContaining('"!c" is not what it looks like'),
    ])
  })
  test('a trigger that every event fits', () => {
    expect(warnings({ ...base, trigger: {} })).toEqual([expect.stringContaining('every event counts')])
  })
  test('an automation that triggers itself', () => {
    const onRuns = (fields: object) => ({ ...base, trigger: { expect: ['prefect.flow-run.Running'], ...fields } })
    const itself = [expect.stringContaining('triggers itself')]
    expect(warnings(onRuns({}))).toEqual(itself)
    expect(warnings(onRuns({ match: { 'prefect.resource.id': 'prefect.flow-run.*' } }))).toEqual(itself)
    expect(warnings(onRuns({ match_related: [{ 'prefect.resource.name': 'other' }] }))).toEqual([])
    expect(warnings({ ...onRuns({}), actions: [{ type: 'do-nothing' }] })).toEqual([])
  })
})
