import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { authHeaders, readServerAddress } from './settings.ts'
import { SDK_VERSION } from './version.ts'

test('an option goes before Pilotflame, Prefect and the default', () => {
  const env = { PILOTFLAME_API_URL: 'http://b/api/', PREFECT_API_URL: 'http://c/api', PREFECT_API_AUTH_STRING: 'u:p' }
  expect(readServerAddress({ apiUrl: 'https://a/api' }, env)).toEqual({ apiUrl: 'https://a/api', authString: 'u:p' })
  expect(readServerAddress({}, env).apiUrl).toBe('http://b/api')
  expect(readServerAddress({}, { ...env, PILOTFLAME_API_URL: '' }).apiUrl).toBe('http://c/api')
  expect(readServerAddress({}, {})).toEqual({ apiUrl: 'http://127.0.0.1:4200/api', authString: null })
})

test('an address that is none is an error', () => {
  expect(() => readServerAddress({ apiUrl: 'localhost:4200' }, {})).toThrow('"localhost:4200"')
  expect(() => readServerAddress({ apiUrl: 'nowhere' }, {})).toThrow('"nowhere"')
})

test('the auth string goes as HTTP Basic', () => {
  expect(authHeaders({ apiUrl: '', authString: 'a:b' })).toEqual({ authorization: 'Basic YTpi' })
  expect(authHeaders({ apiUrl: '', authString: null })).toEqual({})
})

test('the version is the one of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(SDK_VERSION).toBe(version)
})
