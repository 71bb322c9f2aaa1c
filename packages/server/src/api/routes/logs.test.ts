/** Log lines of Prefect's clients. */
import { expect, test } from 'vitest'
import { startHttp } from '../test/start.ts'

const RUN = '01a20cdc-73f4-737d-a897-a8a9b69a11da'
const TASK = '01a20cdc-73f4-737d-a897-a8a9b69a11db'
const line = (fields: object = {}) => ({
  name: 'prefect.flow_runs',
  level: 20,
  message: 'hello',
  timestamp: '2026-01-02T03:04:05.000001+00:00',
  flow_run_id: RUN,
  task_run_id: null,
  ...fields,
})

test('lines are taken in a list, and are there when the answer is', async () => {
  const http = await startHttp()
  const lines = [line(), line({ message: 'of a task', task_run_id: TASK, level: 40 }), line({ flow_run_id: null })]
  const answer = await http.ask('POST', '/api/logs/', { body: lines })
  expect([answer.status, answer.text]).toEqual([201, 'null'])
  const ofRun = (await http.ask('POST', '/api/logs/filter', { body: { logs: { flow_run_id: { any_: [RUN] } } } })).json
  expect(ofRun).toHaveLength(2)
  expect(ofRun[0]).toMatchObject({ name: 'prefect.flow_runs', level: 20, timestamp: '2026-01-02T03:04:05.000001Z' })
  const ofTask = (await http.ask('POST', '/api/logs/filter', { body: { logs: { task_run_id: { any_: [TASK] } } } })).json
  expect(ofTask).toMatchObject([{ message: 'of a task', level: 40, flow_run_id: RUN, task_run_id: TASK }])
  expect((await http.ask('POST', '/api/logs/', { body: [] })).status).toBe(201)
})

test('a batch as large as a client sends is taken, and one that is no list of lines is refused as a whole', async () => {
  const http = await startHttp({ bodyBytesMax: 4_000_000 })
  const many = Array.from({ length: 3 }, (_, n) => line({ message: `${n} ${'x'.repeat(1_000_000)}` }))
  expect((await http.ask('POST', '/api/logs/', { body: many })).status).toBe(201)
  const bad = await http.ask('POST', '/api/logs/', { body: [line(), line({ level: 'high' }), line({ colour: 'red' })] })
  expect(bad.status).toBe(422)
  expect(bad.json.exception_detail.map(({ loc }: { loc: (string | number)[] }) => loc.join('.'))).toEqual(['1.level', '2.colour'])
  expect((await http.ask('POST', '/api/logs/filter', { body: {} })).json).toHaveLength(3)
})

test('lines that many clients send at once are all there', async () => {
  const http = await startHttp()
  const batches = Array.from({ length: 20 }, (_, batch) =>
    Array.from({ length: 9 }, (_, n) => line({ message: `${batch}.${n}` })),
  )
  const answers = await Promise.all(batches.map((body) => http.ask('POST', '/api/logs/', { body })))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  const all = (await http.ask('POST', '/api/logs/filter', { body: { limit: 200 } })).json
  expect(new Set(all.map(({ message }: { message: string }) => message)).size).toBe(180)
})
