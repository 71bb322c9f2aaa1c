import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { compileTemplates, fromEvent, PAYLOAD_AS_PARAMETERS } from './compile-templates.ts'
import { parseRenderedTemplate, parseTemplate } from './template.ts'

const ROOM = { 'prefect.resource.id': 'room.7', 'prefect.resource.name': 'Seven', team: 'blue' }
const FLOW = { 'prefect.resource.id': 'prefect.flow.1', 'prefect.resource.role': 'flow', 'prefect.resource.name': 'f' }
const context = {
  event: {
    event: 'chat.message',
    resource: ROOM,
    related: [FLOW],
    payload: {
      n: 3,
      half: 1.5,
      text: "it's <b>",
      deep: { list: [1, { x: true }] },
      none: null,
      yes: true,
      list: ["a'b", 1, null, { k: false }],
      object: { z: 1, a: '<é>' },
      big: 'x'.repeat(100_000),
      many: Array.from({ length: 20_000 }, (_, n) => n),
    },
  },
  automation: { name: 'a' },
  labels: { team: 'blue', 'prefect.resource.id': 'room.7' },
}

function render(value: Json): unknown {
  const compiled = compileTemplates(value)
  if (!compiled.ok) return compiled.faults.map(({ loc, type }) => `${loc.join('.')} ${type}`)
  const rendered = compiled.render(context)
  return rendered.ok ? rendered.value : rendered.faults.map(({ loc, msg }) => `${loc.join('.')} ${msg}`)
}
const jinja = (template: string): Json => ({ __prefect_kind: 'jinja', template })
const json = (value: Json): Json => ({ __prefect_kind: 'json', value })

describe("Prefect's forms", () => {
  test.each<readonly [what: string, value: Json, gives: unknown]>([
    ['a plain string that is one expression keeps the type', { n: '{{ event.payload.n }}' }, { n: 3 }],
    ['also one that computes', { n: '{{ event.payload.n + 1 if event.payload.n else 0 }}' }, { n: 4 }],
    ['a plain string with text around gives text', { n: 'no. {{ event.payload.n }}' }, { n: 'no. 3' }],
    ['and so do two expressions', { n: '{{ event.payload.n }}{{ event.payload.n }}' }, { n: '33' }],
    ['in a list too', ['{{ event.payload.n }}', { a: ['{{ event.payload.n }}'] }], [3, { a: [3] }]],
    ['text around it stays', '<{{ event.payload.n }}> ', '<3> '],
    ['jinja gives text', jinja('{{ event.payload.n }}'), '3'],
    ['json keeps the type', { n: fromEvent('payload.n') }, { n: 3 }],
    ['json of a part', json(jinja('{"a": {{ event.payload.deep | tojson }}}')), { a: { list: [1, { x: true }] } }],
    ['json of a text', json('[1,2]'), [1, 2]],
    ['json of a value', json([1, '{{ x }}']), [1, '{{ x }}']],
    ['json without a value is left out', { a: json('1'), b: { __prefect_kind: 'json' } }, { a: 1 }],
    ['none gives the value', { __prefect_kind: 'none', value: { a: 1 } }, { a: 1 }],
    ['in which a plain string stays', { __prefect_kind: 'none', value: '{{ event.event }}' }, '{{ event.event }}'],
    ['the payload can be the parameters', PAYLOAD_AS_PARAMETERS, context.event.payload],
    ['what has no template stays', { a: [1, null, true, '{ {'] }, { a: [1, null, true, '{ {'] }],
  ])('%s', (_, value, gives) => expect(render(value)).toEqual(gives))
  test('a key of any name is only a key', () => {
    const made = render(JSON.parse('{"__proto__": "{{ event.payload.n }}"}') as Json)
    expect(Object.entries(made as object)).toEqual([['__proto__', 3]])
  })
})

describe("text is what Prefect's Jinja gives", () => {
  test.each([
    ['{{ event.payload.yes }} {{ event.payload.none }} {{ event.payload.half }}', 'True None 1.5'],
    ['{{ event.payload.list }}', "[\"a'b\", 1, None, {'k': False}]"],
    ['{{ event.payload.object }}', "{'z': 1, 'a': '<é>'}"],
    ['{{ event.payload.object | tojson }}', '{"a": "\\u003c\\u00e9\\u003e", "z": 1}'],
    ['{{ event.payload.text | tojson }}', '"it\\u0027s \\u003cb\\u003e"'],
    ['{{ [] | tojson(indent=2) }}{{ {"a": [1]} | tojson(indent=1) }}', '[]{\n "a": [\n  1\n ]\n}'],
    ['{{ 4 / 2 }} {{ 7 // 2 }} {{ 2 ** 3 }}', '2.0 3 8'],
    ['{{ "1" == 1 }} {{ 1 == 1.0 }} {{ [1] == [1] }} {{ nope == none }}', 'False True True False'],
    ['a\n{% if true %}\n x\n{% endif %}\nb\n', 'a\n\n x\n\nb'],
    ['{% for i in range(3) %}{{ i }}{% endfor %}', '012'],
    ['{% set a = event.payload.n %}{{ a + 1 }}', '4'],
    ['{{ event.payload.nope | default("x") }} {{ event.payload.n | default("x") }}', 'x 3'],
    ['{{ "a-b".replace("-", "+") }}{{ "a-b" | replace("-", "") }}', 'a+bab'],
    ['{% filter upper %}a{{ event.event }}{% endfilter %}', 'ACHAT.MESSAGE'],
    ['{{ event.payload.list | length }} {{ event.payload.list | count }}', '4 4'],
    ['{{ event.payload.list | join(", ") }}', "a'b, 1, None, {'k': False}"],
    ['{{ "a" ~ event.payload.none ~ nope ~ 1 }}', 'aNone1'],
  ])('%s', (template, gives) => expect(render(jinja(template))).toBe(gives))
})

describe("properties of Prefect's objects", () => {
  test.each([
    ['{{ event.resource.id }} {{ event.resource.name }}', 'room.7 Seven'],
    ["{{ event.resource['prefect.resource.name'] }}", 'Seven'],
    ['{{ event.resource.labels.prefect.resource.id }}', 'room.7'],
    ['{{ event.related[0].role }} {{ event.resource_in_role.flow.name }}', 'flow f'],
    ["{{ event.resources_in_role['flow'] | length }}", '1'],
    ["{{ labels.team }} {{ labels.prefect.resource.id }} {{ labels['prefect.resource.id'] }}", 'blue room.7 room.7'],
  ])('%s', (template, gives) => expect(render(jinja(template))).toBe(gives))
})

describe('what is not there', () => {
  test.each([
    ['{{ event.payload.missing.deeper }}', ''],
    ['{{ missing }}{{ missing[0] }}{{ missing.a["b"] | upper }}', ''],
    ['{{ missing | length }}{{ missing | join(",") }}', '0'],
    ['{% for x in missing %}x{% endfor %}', ''],
    ['{{ event.payload.list[9] }}{{ event.payload.n.deeper }}{{ event.payload[0] }}', ''],
    ['{{ event.constructor.name }}{{ event.__proto__ }}{{ constructor }}{{ __proto__ }}', ''],
    ["{{ event['constructor'] }}{{ event.payload.list.constructor }}{{ event.event.constructor.constructor }}", ''],
  ])('%s is empty text', (template, gives) => expect(render(jinja(template))).toBe(gives))

  test('in the json form it is a fault that names the template', () => {
    expect(render({ a: { b: fromEvent('payload.missing') } })).toEqual([
      'a.b cannot be filled in from {{ event.payload.missing | tojson }}: there is nothing there',
    ])
    expect(render({ a: json(jinja('{{ event.payload.missing }}')) })).toEqual([expect.stringContaining('it gives nothing')])
    expect(render({ a: json(jinja('[{{ event.payload.missing | tojson }}]')) })).toEqual([
      expect.stringContaining('there is nothing to write as JSON'),
    ])
  })
  test('and in a plain string that is one expression', () => {
    expect(render({ a: ' {{ event.payload.missing }} ' })).toEqual([
      'a cannot be filled in from {{ event.payload.missing }}: there is nothing there',
    ])
  })
  test('every fault is told at once', () => {
    expect(render([fromEvent('x'), '{{ 1 }}', fromEvent('y')])).toHaveLength(2)
  })
})

describe('faults when it is saved', () => {
  test.each<readonly [value: Json, fault: string]>([
    [{ a: ['{{ nope '] }, 'a.0 template_syntax'],
    [{ a: '{% for x in y %}' }, 'a template_syntax'],
    [{ a: '{{ x | uper }}' }, 'a template_syntax'],
    [{ a: '{{ x is nothing }}' }, 'a template_syntax'],
    [{ a: `${'{% for a in b %}'.repeat(3)}${'{% endfor %}'.repeat(3)}` }, 'a template_syntax'],
    [{ a: '{% for a in b %}{% endfor %}'.repeat(11) }, 'a template_syntax'],
    [{ a: json('{{ x }}') }, 'a template_json'],
    [{ a: { __prefect_kind: 'none' } }, 'a template_kind'],
    [{ a: { __prefect_kind: 'jinja' } }, 'a template_kind'],
    [{ a: { __prefect_kind: 'jsno', value: 1 } }, 'a template_kind'],
    [{ a: { __prefect_kind: 'workspace_variable', variable_name: 'x' } }, 'a not_implemented'],
  ])('%j', (value, fault) => expect(render(value)).toEqual([fault]))
  test('a filter that does not exist is told with the one that was meant', () => {
    const compiled = compileTemplates('{{ x | uper }}')
    expect(compiled.ok ? [] : compiled.faults[0]?.msg).toContain('did you mean "upper"?')
  })
})

describe('bounds', () => {
  test.each([
    [
      'range counts all its calls',
      '{% for i in range(200) %}{% for j in range(200) %}x{% endfor %}{% endfor %}',
      'range() may give',
    ],
    [
      'loops over what was sent',
      '{% for i in event.payload.many %}{% for j in event.payload.many %}x{% endfor %}{% endfor %}',
      'does too much',
    ],
    ['text from a loop', `{% for i in range(9999) %}${'x'.repeat(200)}{% endfor %}`, 'at most 1000000'],
    ['text that doubles', `{% set a = event.payload.big %}${'{% set a = a ~ a %}'.repeat(30)}{{ a }}`, 'at most 1000000'],
    ['text that is replaced by longer text', '{{ event.payload.big | replace("x", event.payload.big) }}', 'at most 1000000'],
    ['a list joined by long text', '{{ event.payload.many | join(event.payload.big) }}', 'at most 1000000'],
    ['a wide indent', '{{ event.payload.big | indent(99999999) }}', 'at most 1000000'],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'cannot be filled in'],
    [
      'the same long work again and again',
      '{% for i in range(9999) %}{{ event.payload.big | upper | length }}{% endfor %}',
      'does too much',
    ],
    ['methods', '{% for i in range(9999) %}{{ event.payload.big.split("x") | length }}{% endfor %}', 'does too much'],
    ['slices', '{% for i in range(9999) %}{{ event.payload.many[::-1] | length }}{% endfor %}', 'does too much'],
    ['lists of lists of lists', `{% set a = [1] %}${'{% set a = [a, a] %}'.repeat(40)}{{ a }}`, 'does too much'],
    [
      'a list that doubles',
      `{% set a = event.payload.many %}${'{% set a = a + a %}'.repeat(40)}{{ a | length }}`,
      'does too much',
    ],
    ['text and a list', '{{ "a" + event.payload.list }}', 'only text can be added to text'],
    ['a function is no value', '{{ event.payload.get }}', 'call it'],
    ['the clock cannot be read', '{{ strftime_now("%Y") }}', 'cannot be filled in'],
  ])('%s', (_, template, why) => {
    expect(render({ a: template })).toEqual([expect.stringContaining(why)])
  })
  test('all texts of one value together', () => {
    expect(render(Array.from({ length: 11 }, () => jinja('{{ event.payload.big }}')))).toEqual([
      expect.stringContaining('10 cannot'),
    ])
  })
})

describe('walking a path gives what rendering gives', () => {
  const key = fc.constantFrom(
    'a',
    'b',
    'items',
    'labels',
    'id',
    'role',
    'constructor',
    'resource_in_role',
    'prefect.resource.id',
    '0',
  )
  const payload = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value')),
    ),
  })).value
  const step = fc.oneof(
    key.filter((name) => /^[a-z_]+$/.test(name)).map((name) => `.${name}`),
    key.map((name) => `['${name}']`),
    fc.nat(2).map((index) => `[${index}]`),
  )
  const source = fc
    .tuple(fc.constantFrom('event', 'labels', 'nobody', 'true'), fc.array(step, { maxLength: 4 }), fc.boolean())
    .map(([root, steps, tojson]) => `{{ ${root}${steps.join('')}${tojson ? ' | tojson' : ''} }}`)
  const outcomeOf = (get: () => unknown): unknown => {
    try {
      return { value: get() }
    } catch (error) {
      return String(error)
    }
  }
  test('as text, and as JSON', () => {
    fc.assert(
      fc.property(payload, source, (given, template) => {
        const context = { event: given, labels: { a: 'x', 'a.b': 'y', 'prefect.resource.id': 'z' } }
        const [fast, slow] = [parseTemplate(template), parseRenderedTemplate(template)]
        expect(outcomeOf(() => fast.text(context))).toEqual(outcomeOf(() => slow.text(context)))
        const walked = outcomeOf(() => fast.json(context))
        const nothing = { value: undefined }
        const rendered = outcomeOf(() => slow.json(context))
        if (JSON.stringify(walked) !== JSON.stringify(nothing)) expect(walked).toEqual(rendered)
        else expect(rendered).toBe('Error: there is nothing to write as JSON')
      }),
      { numRuns: 1_000 },
    )
  })
})
