/** What is said of an action whose deployment is not there. */
import { expect, test } from 'vitest'
import { startHttp } from '../api/test/start.ts'

const nobody = crypto.randomUUID()

test.each([
  [
    'one that is gone',
    { source: 'selected', deployment_id: nobody },
    `There is no deployment ${nobody}. It may have been deleted; save the automation with one that exists.`,
  ],
  [
    'that of an event which has none',
    { source: 'inferred', deployment_id: null },
    'The event is of no deployment that exists. Narrow the trigger to events of deployments, or save the automation with a deployment (source "selected").',
  ],
])('an action for %s', async (_, action, message) => {
  const http = await startHttp()
  const made = await http.ask('POST', '/api/automations/', {
    body: {
      name: 'for nobody',
      trigger: { type: 'event', posture: 'Reactive', expect: ['x.y'], threshold: 1, within: 0 },
      actions: [{ type: 'run-deployment', ...action }],
    },
  })
  expect(made.status).toBe(201)
  const id = crypto.randomUUID()
  const body = { id, occurred: new Date().toISOString(), event: 'x.y', resource: { 'prefect.resource.id': 'x' } }
  await http.ask('POST', '/api/events', { body })
  const [verdict] = (await http.ask('GET', `/api/events/${id}/verdicts`)).json
  expect(verdict.outcome).toMatchObject({ kind: 'failed', code: 'deployment_not_found', message })
})
