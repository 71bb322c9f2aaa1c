import { expect, test } from 'vitest'
import { parseToml } from './toml.ts'

test('texts, numbers, booleans, lists, tables and comments', () => {
  const text = `# settings
home = "~/data" # not /tmp
literal = 'C:\\data#1'
[server]
port = 4_300
open = true
allowed_hosts = ["a.example", 'b.example',]
`
  expect([...parseToml(text)]).toEqual([
    ['home', '~/data'],
    ['literal', 'C:\\data#1'],
    ['server.port', 4300],
    ['server.open', true],
    ['server.allowed_hosts', ['a.example', 'b.example']],
  ])
})

test.each([
  ['port', 'line 1: "port" is no setting'],
  ['\nhome = ~/data', 'line 2: the value of "home"'],
  ['[[servers]]', 'is no table'],
  ['a = "open', 'the value of "a"'],
])('what it cannot read is said with its line: %j', (text, message) => {
  expect(() => parseToml(text)).toThrow(message)
})
