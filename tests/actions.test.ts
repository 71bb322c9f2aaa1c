/** What an automation does with an event that fits: several actions, what their templates see, and what becomes of it where nothing is done. */
import { flow, startExecutor } from '@pilotflame/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anEvent, eventually, runsOf, startTestServer, type TestServer } from './harness/server.ts'

let server: TestServer
const deployments = new Map<string, string>()
let close: () => void = () => undefined

const NUMBER = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } as const
const typed = flow('typed', async ({ n }: { n: number }) => n, { parameters: NUMBER })
const any = flow('any', async (parameters: object) => parameters)
const source = flow('source', async () => 'done')

beforeAll(async () => {
  server = await startTestServer()
  const served = [typed, any, source].map((one) => one.toDeployment({ name: `${one.flowName}-here` }))
  const executor = await startExecutor({ apiUrl: server.apiUrl, deployments: served, onNotice: () => undefined })
  for (const { id, flow_name } of executor.deployments) deployments.set(flow_name, id)
  close = () => executor.close()
})
afterAll(async () => {
  close()
  await server.stop()
})

const run = (flowName: string, parameters: object) => ({
  type: 'run-deployment',
  source: 'selected',
  deployment_id: deployments.get(flowName),
  parameters,
})

async function automate(trigger: object, actions: readonly object[], more: object = {}): Promise<string> {
  const full = { type: 'event', posture: 'Reactive', threshold: 1, within: 0, ...trigger }
  const name = `automation ${crypto.randomUUID()}`
  const { status, body } = await server.request('POST', '/automations/', { name, trigger: full, actions, ...more })
  expect(status).toBe(201)
  return (body as { id: string }).id
}

async function send(name: string, payload: object = {}, more: object = {}) {
  const event = anEvent(name, payload, more)
  expect((await server.request('POST', '/events', event)).status).toBe(204)
  const { body } = await server.request('GET', `/events/${event.id}/verdicts`)
  return { id: event.id, outcomes: (body as { outcome: Record<string, unknown> }[]).map(({ outcome }) => outcome) }
}

const resultOf = async (id: string): Promise<unknown> =>
  ((await server.request('GET', `/flow_runs/${id}/result`)).body as { result: unknown }).result

const why = async (event: string, automation: string) =>
  (await server.request('GET', `/events/${event}/why/${automation}`)).body as {
    matched: boolean
    summary: string
    clauses: { clause: string; matched: boolean }[]
  }

test('an action that cannot be done keeps no other one from it, and the verdict tells of all of them', async () => {
  const gone = { ...run('any', {}), deployment_id: crypto.randomUUID() }
  await automate({ expect: ['several'] }, [
    run('typed', { n: 'no number' }),
    run('any', { from: 'the second' }),
    gone,
    run('typed', { n: 7 }),
  ])
  const { id, outcomes } = await send('several')
  expect(outcomes).toMatchObject([
    {
      kind: 'rejected_parameters',
      action: 0,
      faults: [{ loc: ['n'] }],
      runs: [{ action: 1 }, { action: 3 }],
      also: [{ kind: 'failed', action: 2, code: 'deployment_not_found' }],
    },
  ])
  const runs = await runsOf(server, id)
  expect(await Promise.all(runs.map(resultOf))).toEqual([{ from: 'the second' }, 7])
})

test("templates see the event's own flow, deployment and flow run, in the state that the event tells of", async () => {
  const parameters = {
    flow: '{{ flow.name }}',
    deployment: '{{ deployment.name }}',
    run: '{{ flow_run.id }}',
    state: '{{ flow_run.state.name }}',
    events: '{{ events | length }}',
  }
  await automate({ expect: ['prefect.flow-run.Running'], match_related: { 'prefect.resource.name': 'source' } }, [
    run('any', parameters),
  ])
  const path = `/deployments/${deployments.get('source')}/create_flow_run`
  const { id } = (await server.request('POST', path, {})).body as { id: string }
  await resultOf(id)
  const started = await eventually(async () => {
    const { body } = await server.request('POST', '/flow_runs/filter', { flows: { name: { any_: ['any'] } } })
    return (body as { id: string; parameters: { run?: string } }[]).find((one) => one.parameters.run === id)
  })
  expect(await resultOf(started.id)).toEqual({ flow: 'source', deployment: 'source-here', run: id, state: 'Running', events: 1 })
})

test('an event that has no deployment has none for the templates, whatever deployment is started', async () => {
  await automate({ expect: ['of.nothing'] }, [run('any', { deployment: '{{ deployment.name }}' })])
  const { outcomes } = await send('of.nothing')
  expect(outcomes).toMatchObject([{ kind: 'rejected_parameters', faults: [{ loc: ['deployment'] }], runs: [] }])
})

test('an event that fits and does not count has a verdict that says why, and so does the question', async () => {
  const id = await automate({ after: ['login.failed'], expect: ['password.reset'], within: 60 }, [run('any', {})])
  const early = await send('password.reset')
  expect(early.outcomes).toEqual([{ kind: 'ignored', reason: 'not_opened' }])
  expect((await why(early.id, id)).summary).toContain('no event of its "after" came before this one')
  expect((await send('login.failed')).outcomes).toEqual([{ kind: 'opened' }])
  expect((await send('login.failed')).outcomes).toEqual([{ kind: 'ignored', reason: 'open_already' }])
  const late = await send('password.reset', {}, { occurred: new Date(Date.now() + 3_600_000).toISOString() })
  expect(late.outcomes).toEqual([{ kind: 'ignored', reason: 'after_window' }])
  expect(await runsOf(server, late.id)).toEqual([])
})

test('a disabled automation does not match, and says that it is disabled', async () => {
  const id = await automate({ expect: ['while.off'] }, [run('any', {})], { enabled: false })
  const { id: event, outcomes } = await send('while.off')
  expect(outcomes).toEqual([])
  expect(await why(event, id)).toMatchObject({
    matched: false,
    summary: expect.stringContaining('disabled'),
    clauses: [
      { clause: 'enabled', matched: false },
      { clause: 'expect', matched: true },
    ],
  })
})
