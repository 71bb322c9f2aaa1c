import { expect, test } from 'vitest'
import { createClient } from './client.ts'

const asked: string[] = []
const answer = { ok: true, status: 200, headers: { get: () => null }, body: null, text: async () => '' }
const client = createClient({
  apiUrl: 'http://x/api',
  fetch: async (url, { method }) => {
    asked.push(`${method} ${url}`)
    return answer
  },
})

test('a name with signs of an address in it stays one part of the path', async () => {
  await client.hooks.delete('a/b ?c..')
  expect(asked.splice(0)).toEqual(['DELETE http://x/api/hooks/a%2Fb%20%3Fc..'])
})

test.each(['', '.', '..'])('the name "%s" would lead to another route: nothing is asked, and nothing is there', async (name) => {
  await expect(client.hooks.delete(name)).rejects.toMatchObject({
    code: 'not_found',
    message: `There is no hook ${JSON.stringify(name)}.`,
  })
  await expect(client.flowRun(name)).rejects.toMatchObject({ message: `There is no flow run ${JSON.stringify(name)}.` })
  expect(asked).toEqual([])
})
