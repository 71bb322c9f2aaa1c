/** Variables: JSON values by name. */
import { expect, test } from 'vitest'
import { startHttp } from '../test/start.ts'

test('a variable is made, read by name and id, changed and deleted; its value is any JSON', async () => {
  const http = await startHttp()
  const value = { list: [1, 'two', null, { three: 3.5 }], yes: true }
  const made = await http.ask('POST', '/api/variables/', { body: { name: 'my_settings-1', value, tags: ['a'] } })
  expect(made).toMatchObject({ status: 201, json: { name: 'my_settings-1', value, tags: ['a'] } })
  const byName = '/api/variables/name/my_settings-1'
  const byId = `/api/variables/${made.json.id}`
  expect((await http.ask('GET', byName)).json).toEqual(made.json)
  for (const next of ['text', 7, false, null, [1]]) {
    expect((await http.ask('PATCH', byName, { body: { value: next } })).status).toBe(204)
    expect((await http.ask('GET', byId)).json).toMatchObject({ value: next, tags: ['a'] })
  }
  expect((await http.ask('PATCH', byId, { body: { name: 'other', tags: [] } })).status).toBe(204)
  expect((await http.ask('GET', byName)).status).toBe(404)
  expect((await http.ask('GET', '/api/variables/name/other')).json).toMatchObject({ id: made.json.id, value: [1], tags: [] })
  expect((await http.ask('DELETE', '/api/variables/name/other')).status).toBe(204)
  expect((await http.ask('DELETE', byId)).status).toBe(404)
  expect((await http.ask('PATCH', byId, { body: { value: 1 } })).status).toBe(404)
})

test('a name is taken once, and has the letters that names have', async () => {
  const http = await startHttp()
  const make = (name: string) => http.ask('POST', '/api/variables/', { body: { name, value: 1 } })
  expect((await make('a')).status).toBe(201)
  expect(await make('a')).toMatchObject({
    status: 409,
    json: { code: 'variable_exists', detail: expect.stringContaining('"a"') },
  })
  await make('b')
  expect((await http.ask('PATCH', '/api/variables/name/b', { body: { name: 'a' } })).status).toBe(409)
  for (const name of ['With Blank', 'UPPER', '', 'x'.repeat(256)]) expect((await make(name)).status).toBe(422)
  const large = await http.ask('POST', '/api/variables/', { body: { name: 'c', value: 'x'.repeat(5_001) } })
  expect(large).toMatchObject({ status: 422, json: { exception_detail: [{ loc: ['value'] }] } })
})

test('results are kept nowhere by default, and there is nothing to forget', async () => {
  const http = await startHttp()
  expect((await http.ask('GET', '/api/admin/storage')).json).toEqual({ default_result_storage_block_id: null })
  expect((await http.ask('DELETE', '/api/admin/storage')).status).toBe(204)
  expect((await http.ask('PUT', '/api/admin/storage', { body: {} })).status).toBe(501)
})
