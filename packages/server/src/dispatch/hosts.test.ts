/** Hosts and their processes at the server, over its real channel. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anOffer, ended, type Joined, joinChild, joinHost, NOBODY, running } from '../api/test/processes.ts'
import { startHttp, type TestHttp } from '../api/test/start.ts'
import { nodeProcesses } from '../system/node-ports.ts'

const runOf = async (http: TestHttp, id: string) => (await http.ask('GET', `/api/flow_runs/${id}`)).json
const endOf = async (http: TestHttp, id: string) => (await http.ask('GET', `/api/flow_runs/${id}/result`)).json
const startRun = async (http: TestHttp, { deploymentId }: Joined): Promise<string> =>
  (await http.ask('POST', `/api/deployments/${deploymentId}/create_flow_run`, { body: {} })).json.id
const childEnd = (child: Joined, more: object = {}) => ({
  type: 'child_end',
  pid: NOBODY,
  session_id: child.sessionId,
  kind: 'exit',
  code: 1,
  signal: null,
  message: 'exit code 1',
  ...more,
})

/** A host with one fresh process that has a run. */
async function withRun(more: object = {}) {
  const http = await startHttp()
  const host = await joinHost(http, more)
  const child = await joinChild(http, host, more)
  const id = await startRun(http, host)
  const run = await child.next('run')
  return { http, host, child, id, run }
}

test('a run goes to the process and not to its host, which is told so afterwards', async () => {
  const { host, child, id, run } = await withRun()
  expect(run.run_id).toBe(id)
  expect(await host.next('placed')).toEqual({
    type: 'placed',
    run_id: id,
    epoch: 1,
    session_id: child.sessionId,
    pid: expect.any(Number),
    deployment_id: host.deploymentId,
  })
})

test.each([
  ['a process of a host on this machine', {}, 1],
  ['one on another machine, which has CPUs of its own', { boot_id: 'another machine' }, 0],
])('once a run is sent, the server gives way to %s', async (_, hello, times) => {
  const gaveWay: string[] = []
  const http = await startHttp({}, { processes: { ...nodeProcesses(), giveWay: () => void gaveWay.push('once') } })
  const host = await joinHost(http)
  const child = await joinChild(http, host, hello)
  expect(gaveWay).toEqual([])
  await startRun(http, host)
  await child.next('run')
  expect(gaveWay).toHaveLength(times)
})

test('a process that has used up its runs gets none, and the host is told how many wait', async () => {
  const { http, host, child, run } = await withRun()
  await child.report(run, [running(), ended('COMPLETED')])
  await host.next('want') // none at first
  const second = await startRun(http, host)
  expect(await host.next('want')).toEqual({ type: 'want', deployment_id: host.deploymentId, waiting: 1 })
  expect(child.frames.filter(({ type }) => type === 'run')).toEqual([])
  const fresh = await joinChild(http, host)
  expect((await fresh.next('run')).run_id).toBe(second)
  expect(await host.next('want')).toMatchObject({ waiting: 0 })
})

test('many runs that come at once are told in few words', async () => {
  const http = await startHttp()
  const host = await joinHost(http)
  await Promise.all(Array.from({ length: 40 }, () => startRun(http, host)))
  let last = await host.next('want')
  const told = [last]
  while (last.waiting < 40) {
    last = await host.next('want')
    told.push(last)
  }
  expect(told.length).toBeLessThan(40)
})

test('a host that comes back is told what waits, and which of its processes have runs', async () => {
  const { http, host, child, id } = await withRun()
  await startRun(http, host)
  await host.next('placed')
  host.close()
  await host.closed
  const again = await joinHost(http, { session_id: host.sessionId })
  expect(again.sessionId).toBe(host.sessionId)
  expect(await again.next('want')).toMatchObject({ waiting: 1 })
  expect(await again.next('placed')).toMatchObject({ run_id: id, session_id: child.sessionId })
})

test('a process that joins writes neither its deployment nor its automations', async () => {
  const http = await startHttp()
  const host = await joinHost(http)
  const before = (await http.ask('GET', `/api/deployments/${host.deploymentId}`)).json
  const child = await joinChild(http, host)
  expect(child.deploymentId).toBe(host.deploymentId)
  expect((await http.ask('GET', `/api/deployments/${host.deploymentId}`)).json.updated).toBe(before.updated)
})

test('a process that comes late with older code does not make it current again', async () => {
  const http = await startHttp()
  const old = await joinHost(http)
  const next = await joinHost(http, { deployments: [anOffer({ version: 'v2' })] })
  const late = await joinChild(http, old)
  const id = await startRun(http, next)
  const child = await joinChild(http, next, { deployments: [anOffer({ version: 'v2' })] })
  expect((await child.next('run')).run_id).toBe(id)
  expect(late.frames.filter(({ type }) => type === 'run')).toEqual([])
})

test('a host of older code learns that another version is current, and when its own is current again', async () => {
  const http = await startHttp()
  const old = await joinHost(http)
  await old.next('want')
  await joinHost(http, { deployments: [anOffer({ version: 'v2' })] })
  expect(await old.next('outdated')).toMatchObject({ deployment_id: old.deploymentId, version: 'v2' })
  await joinHost(http)
  expect(await old.next('want')).toMatchObject({ waiting: 0 })
})

test('a run ends as its host says, without waiting for anything', async () => {
  const { http, host, child, id, run } = await withRun()
  await child.report(run, [running()])
  child.close()
  host.send(childEnd(child))
  expect((await endOf(http, id)).state).toMatchObject({ type: 'CRASHED', message: 'exit code 1' })
})

test("what a process sent before it ended counts, also where its host's word comes first", async () => {
  const { http, host, child, id, run } = await withRun()
  host.send(childEnd(child))
  await http.ask('GET', '/api/executors') // the host's word has been read
  await child.report(run, [running(), ended('COMPLETED')])
  child.close()
  expect((await endOf(http, id)).state.type).toBe('COMPLETED')
})

test('a run that took too long is Failed, and called TimedOut', async () => {
  const { http, host, child, id, run } = await withRun()
  await child.report(run, [running()])
  child.close()
  host.send(childEnd(child, { kind: 'timeout', message: 'took longer than 200 ms' }))
  expect((await endOf(http, id)).state).toMatchObject({ type: 'FAILED', name: 'TimedOut', message: 'took longer than 200 ms' })
})

test('a process that is gone without a word of its host is found anyway', async () => {
  const { http, child, id, run } = await withRun()
  await child.report(run, [running()])
  child.close()
  expect((await endOf(http, id)).state).toMatchObject({
    type: 'CRASHED',
    message: expect.stringContaining('its process has ended'),
  })
})

test('where its host is away nobody waits for its word', async () => {
  const { http, host, child, id, run } = await withRun()
  await child.report(run, [running()])
  host.close()
  await host.closed
  child.close()
  expect((await endOf(http, id)).state).toMatchObject({
    type: 'CRASHED',
    message: expect.stringContaining('its process has ended'),
  })
})

test('a run with retries starts again in the next process', async () => {
  const more = { deployments: [anOffer({ retries: 1 })] }
  const { http, host, child, id, run } = await withRun(more)
  await child.report(run, [running()])
  child.close()
  host.send(childEnd(child, { kind: 'memory', message: 'out of memory at 512 MB' }))
  const next = await joinChild(http, host, more)
  expect(await next.next('run')).toMatchObject({ run_id: id, epoch: 2, attempt: 2 })
})

test('a cancelled run tells its executor and its host, and is Cancelled with the steps it took', async () => {
  const { http, host, child, id, run } = await withRun()
  await child.report(run, [running()])
  await http.ask('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type: 'CANCELLING' } } })
  expect(await child.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
  expect(await host.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
  child.close()
  const stages = [
    { stage: 'abort', after_ms: 0 },
    { stage: 'SIGTERM', after_ms: 5_004 },
    { stage: 'SIGKILL', after_ms: 7_010 },
    { stage: 'gone', after_ms: 7_013 },
  ]
  host.send(childEnd(child, { kind: 'cancel', signal: 'SIGKILL', code: null, message: 'killed', stages }))
  expect((await endOf(http, id)).state).toMatchObject({
    type: 'CANCELLED',
    message: 'aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later',
  })
})

test('runs that a host hands back wait for the next process, and that is no failure of theirs', async () => {
  const { http, host, child, id, run } = await withRun()
  await child.report(run, [running()])
  host.send({ type: 'drain', hand_back: true })
  child.close()
  host.send(childEnd(child, { kind: 'retired', message: 'the host leaves' }))
  await expect.poll(() => runOf(http, id)).toMatchObject({ state_name: 'Scheduled' })
  expect((await runOf(http, id)).state.message).toBe('handed back: the host leaves')
  const other = await joinHost(http)
  const next = await joinChild(http, other)
  const second = await next.next('run')
  expect(second).toMatchObject({ run_id: id, epoch: 2 })
  await next.report(second, [running(), ended('FAILED')])
  expect((await endOf(http, id)).state).toMatchObject({ type: 'FAILED' })
})

test('a run that was sent to a process which was just leaving is handed back, and does not crash', async () => {
  const { http, host, child, id } = await withRun()
  child.send({ type: 'drain' })
  await http.ask('GET', '/api/executors')
  child.close()
  const next = await joinChild(http, host)
  expect(await next.next('run')).toMatchObject({ run_id: id, epoch: 2 })
})

test('rows of sessions that have ended do not pile up', async () => {
  const { http, host, child, run } = await withRun()
  await child.report(run, [running(), ended('COMPLETED')])
  const idle = await joinChild(http, host)
  idle.send({ type: 'drain' })
  for (const one of [child, idle]) one.close()
  const rows = () => http.server.app.store.transaction(async (tx) => (await tx.loadSessions()).map(({ id }) => id))
  await expect.poll(rows, { timeout: 4_000 }).toEqual([host.sessionId])
})

test('when the server ends the session of a process, its host is told to kill it', async () => {
  const { host, child } = await withRun()
  child.close() // its process is gone, and the host says nothing
  expect(await host.next('retire')).toMatchObject({ session_id: child.sessionId })
})

test('a process that ended while the server was away: its host says how when it is back', async () => {
  const home = mkdtempSync(joinPath(tmpdir(), 'pilotflame-hosts-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const first = await startHttp({ home })
  const host = await joinHost(first)
  // On another machine, where the server cannot look.
  const child = await joinChild(first, host, { boot_id: 'another' })
  const id = await startRun(first, host)
  await child.report(await child.next('run'), [running()])
  await first.server.stop()
  const second = await startHttp({ home })
  const again = await joinHost(second, { session_id: host.sessionId })
  again.send(childEnd(child, { kind: 'memory', message: 'out of memory at 512 MB' }))
  expect((await endOf(second, id)).state).toMatchObject({ type: 'CRASHED', message: 'out of memory at 512 MB' })
})

test('hosts and their processes are told apart in the list of executors', async () => {
  const { http, host, child } = await withRun()
  const list: readonly Record<string, unknown>[] = (await http.ask('GET', '/api/executors')).json
  expect(list.find(({ session_id }) => session_id === host.sessionId)).toMatchObject({ role: 'host', host_session_id: null })
  expect(list.find(({ session_id }) => session_id === child.sessionId)).toMatchObject({
    role: 'executor',
    host_session_id: host.sessionId,
    running: 1,
  })
})
