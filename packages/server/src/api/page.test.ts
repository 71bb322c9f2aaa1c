import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { renderPage } from './page.ts'
import { startHttp } from './test/start.ts'

const executor = {
  session_id: 's',
  name: '<b>evil</b>',
  host: '"h"',
  pid: 1,
  role: 'executor',
  host_session_id: null,
  deployments: [],
  running: 0,
  limit: 1,
} as const

test('nothing that others have named is read as HTML', () => {
  const page = renderPage({ address: 'http://x/"><script>', version: '1', executors: [executor], runs: [] })
  expect(page).toContain('&lt;b&gt;evil&lt;/b&gt;')
  expect(page).toContain('&quot;h&quot;')
  expect(page.match(/<script>/g)).toHaveLength(1)
})

test('the page allows its own script alone, says what is here, and what to type next', async () => {
  const { ask, port } = await startHttp()
  const { headers, text } = await ask('GET', '/')
  const script = /<script>([\s\S]*)<\/script>/.exec(text)?.[1] ?? ''
  const digest = createHash('sha256').update(script).digest('base64')
  expect(headers['content-security-policy']).toContain(`script-src 'sha256-${digest}'`)
  expect(text).toContain(`http://127.0.0.1:${port}/api`.replace('127.0.0.1', 'localhost'))
  expect(text).toContain('pilot serve')
  expect(await ask('POST', '/', { body: {} })).toMatchObject({ status: 405, headers: { allow: 'GET' } })
})
