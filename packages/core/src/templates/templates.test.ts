import { Template } from '@huggingface/jinja'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { compileTemplates, fromEvent, PAYLOAD_AS_PARAMETERS } from './compile-templates.ts'
import { parseTemplate } from './template.ts'

const context = {
  event: { event: 'chat.message', payload: { n: 3, text: 'hi', deep: { list: [1, { x: true }] }, none: null } },
  automation: { name: 'a' },
}

function render(value: Json): unknown {
  const compiled = compileTemplates(value)
  if (!compiled.ok) return compiled.faults.map(({ loc, type }) => `${loc.join('.')} ${type}`)
  const rendered = compiled.render(context)
  return rendered.ok ? rendered.value : rendered.faults.map(({ loc, msg }) => `${loc.join('.')} ${msg}`)
}

describe("Prefect's forms", () => {
  test('a plain string gives text', () => expect(render({ n: '{{ event.payload.n }}' })).toEqual({ n: '3' }))
  test('text around it stays', () => expect(render('<{{ event.payload.text }}>')).toBe('<hi>'))
  test('json keeps the type', () => expect(render({ n: fromEvent('payload.n') })).toEqual({ n: 3 }))
  test('jinja gives text', () => expect(render({ __prefect_kind: 'jinja', template: '{{ event.payload.n }}' })).toBe('3'))
  test('none gives the value', () => expect(render({ __prefect_kind: 'none', value: { a: 1 } })).toEqual({ a: 1 }))
  test('json of a text', () => expect(render({ __prefect_kind: 'json', value: '[1,2]' })).toEqual([1, 2]))
  test('the payload can be the parameters', () => expect(render(PAYLOAD_AS_PARAMETERS)).toEqual(context.event.payload))
  test('filters and loops are Jinja', () =>
    expect(render('{% for i in range(3) %}{{ i }}{% endfor %}{{ event.event | upper }}')).toBe('012CHAT.MESSAGE'))
})

describe('what is not there', () => {
  test('is empty text', () => expect(render('{{ event.payload.missing.deeper }}')).toBe(''))
  test('is a fault in the json form, which names the template', () => {
    expect(render({ a: { b: fromEvent('payload.missing') } })).toEqual([
      'a.b cannot be filled in: there is nothing at {{ event.payload.missing | tojson }} in this event',
    ])
  })
  test('nothing inherited is seen', () => expect(render('{{ event.constructor.name }}{{ event.__proto__ }}')).toBe(''))
})

describe('faults when it is saved', () => {
  test('a template that does not parse', () => expect(render({ a: ['{{ nope '] })).toEqual(['a.0 template_syntax']))
  test('a kind that is not served', () =>
    expect(render({ v: { __prefect_kind: 'workspace_variable', variable_name: 'x' } })).toEqual(['v template_kind']))
})

describe('bounds', () => {
  test('range counts all its calls', () => {
    expect(render('{% for i in range(1000) %}{% for j in range(1000) %}x{% endfor %}{% endfor %}')).toEqual([
      expect.stringContaining('range() may give'),
    ])
  })
  test('text has an end', () =>
    expect(render('{% for i in range(99999) %}xxxxxxxxxxxxxxxx{% endfor %}')).toEqual([
      expect.stringContaining('at most 1000000'),
    ]))
})

test('walking a path gives what rendering gives', () => {
  const key = fc.stringMatching(/^[a-z]{1,3}$/)
  const payload = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())))
  fc.assert(
    fc.property(payload, fc.array(key, { minLength: 1, maxLength: 2 }), (given, keys) => {
      const source = `{{ event.payload.${keys.join('.')} | tojson }}`
      const inEvent = { event: { payload: given } }
      const fast = parseTemplate(source).json(inEvent)
      if (fast === undefined) return
      expect(fast).toEqual(JSON.parse(new Template(source).render(inEvent)))
    }),
  )
})
