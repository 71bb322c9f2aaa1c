import { expect, test } from 'vitest'
import { misspeltVariables, resolveSettings, type SettingSources } from './settings.ts'
import { parseToml } from './toml.ts'

const resolve = (sources: Partial<SettingSources>) => resolveSettings({ flags: {}, env: {}, file: new Map(), ...sources })
const sourceOf = (sources: Partial<SettingSources>, name: string) =>
  resolve(sources).list.find((one) => one.name === name)?.source

test('a flag wins over the environment, that over the file, and that over the default', () => {
  const file = parseToml('[server]\nport = 1')
  const env = { PILOTFLAME_PORT: '2' }
  expect([resolve({}).port, resolve({ file }).port, resolve({ file, env }).port]).toEqual([4200, 1, 2])
  expect(resolve({ file, env, flags: { port: '3' } }).port).toBe(3)
  expect(sourceOf({ file, env }, 'port')).toBe('PILOTFLAME_PORT')
  expect(sourceOf({ file }, 'port')).toBe('pilotflame.toml')
})

test("Prefect's variables count behind our own", () => {
  const PREFECT_API_URL = 'http://prefect:4200/api'
  expect(resolve({ env: { PREFECT_API_URL } }).apiUrl).toBe(PREFECT_API_URL)
  expect(resolve({ env: { PREFECT_API_URL, PILOTFLAME_API_URL: 'http://ours:1/api/' } }).apiUrl).toBe('http://ours:1/api')
})

test('who moves the server to another port looks for it there', () => {
  expect(resolve({ env: { PILOTFLAME_PORT: '4300' } }).apiUrl).toBe('http://127.0.0.1:4300/api')
})

test('a variable that is spelt nearly as one of ours is named with what was probably meant', () => {
  const env = { PILOTFLAME_PROT: '1', PILOTFLAME_PORT: '2', PILOTFLAME_DEBUG: '1', PILOTFLAME_ZEBRA: '1', PROT: '1' }
  expect(misspeltVariables(env)).toEqual(['The variable PILOTFLAME_PROT says nothing to pilot. Did you mean PILOTFLAME_PORT?'])
})

test('a password is not shown', () => {
  expect(JSON.stringify(resolve({ flags: { auth_string: 'ada:secret' } }).list)).not.toContain('secret')
  expect(resolve({ flags: { auth_string: 'ada:secret' } }).authString).toBe('ada:secret')
})

test('runs and events are kept for 7 days, for another time, or for ever', () => {
  expect(resolve({})).toMatchObject({ runRetentionMs: 604_800_000, eventRetentionMs: 604_800_000 })
  const file = parseToml('[server]\nrun_retention = "12h"\nevent_retention = "off"')
  expect(resolve({ file })).toMatchObject({ runRetentionMs: 43_200_000, eventRetentionMs: null })
})

test.each([
  [{ flags: { port: 'x' } }, '--port is "x"'],
  [{ env: { PILOTFLAME_PORT: '70000' } }, 'PILOTFLAME_PORT'],
  [{ env: { PILOTFLAME_API_URL: 'nowhere' } }, 'API address "nowhere"'],
  [{ flags: { log_level: 'loud' } }, 'log level "loud"'],
  [{ env: { PILOTFLAME_RUN_RETENTION: '7 weeks' } }, 'retention "7 weeks" of PILOTFLAME_RUN_RETENTION'],
  [{ flags: { event_retention: '0d' } }, 'retention "0d" of --event-retention'],
  [{ file: parseToml('[server]\nprot = 1') }, 'Did you mean server.port?'],
])('a value that makes no sense is said with its source: %o', (sources, message) => {
  expect(() => resolve(sources)).toThrow(message)
})
