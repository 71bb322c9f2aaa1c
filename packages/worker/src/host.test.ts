import { describe, expect, test } from 'vitest'
import { deploymentOf, HOST_SESSION, VirtualHost } from '../test/virtual-ports.ts'
import { REFILL_MS } from './arrivals.ts'

/** A host with one process that has been given a run. */
function atWork(...given: ConstructorParameters<typeof VirtualHost>) {
  const virtual = new VirtualHost(...given).welcome()
  const child = virtual.readyOne()
  virtual.place(child)
  return { virtual, child }
}

describe('starting', () => {
  test('nothing starts before the server has welcomed the host', () => {
    expect(new VirtualHost().started).toBe(0)
  })

  test('a process is told who it is, and gets its own variables and bounds', () => {
    const { spec, identity } = new VirtualHost({ memoryMbMax: 256 }).welcome().child(1)
    expect(spec).toMatchObject({
      name: 'answer/chat',
      file: 'chat.mjs',
      args: ['--loud'],
      execArgv: ['--max-old-space-size=256'],
    })
    expect(spec.env.KEY).toBe('own')
    expect(identity).toEqual({
      deployment: 'answer/chat',
      version: 'v1',
      host_session_id: HOST_SESSION,
      uses: 1,
      api_url: 'http://127.0.0.1:4200/api',
      auth_string: null,
      socket: null,
    })
  })

  test('one that is used again takes as many runs as it may', () => {
    expect(new VirtualHost({ isolation: 'reuse', runsMax: 7 }).welcome().child(1).identity.uses).toBe(7)
  })

  test('runs that wait each get a process, up to max', () => {
    const virtual = new VirtualHost({ warm: { min: 1, max: 3, idleMs: 1_000 } }).welcome()
    virtual.want(10)
    expect(virtual.started).toBe(3)
  })

  test('what one deployment may have is bounded by the memory of the host', () => {
    const virtual = new VirtualHost({ warm: { min: 5, max: 9, idleMs: 1_000 } }, { memoryMbMax: 200 }).welcome()
    expect(virtual.started).toBe(3) // 64 MB each, before any was looked at
  })

  test('a replacement starts a moment after the hand-over, and gives way to the run until it is ready', () => {
    const { virtual } = atWork()
    expect(virtual.started).toBe(1)
    virtual.clock.advance(REFILL_MS)
    expect(virtual.started).toBe(2)
    expect(virtual.child(2).low).toBe(true)
    virtual.readyOne()
    expect(virtual.child(2).low).toBe(false)
  })

  test('one in the background is hurried when a run waits for it', () => {
    const { virtual } = atWork()
    virtual.clock.advance(REFILL_MS)
    virtual.want(1)
    expect(virtual.child(2).low).toBe(false)
    expect(virtual.started).toBe(2)
  })
})

describe('failures to start', () => {
  test('the reason is told with the last lines of stderr, and the next one waits longer each time', () => {
    const virtual = new VirtualHost().welcome()
    virtual.child(1).say('Error: no such module')
    virtual.child(1).exit({ code: 1 })
    expect(virtual.started).toBe(1)
    virtual.clock.advance(250)
    expect(virtual.started).toBe(2)
    expect(virtual.pools.at(-1)?.failure).toBe('exit code 1 before it was ready:\nError: no such module')
    virtual.child(2).exit({ code: 1 })
    virtual.clock.advance(499)
    expect(virtual.started).toBe(2)
    virtual.clock.advance(1)
    expect(virtual.started).toBe(3)
  })

  test('what the process says of it comes first, and is gone when one is ready', () => {
    const virtual = new VirtualHost().welcome()
    virtual.child(1).tell({ type: 'failed', message: 'onStart: no database' })
    virtual.child(1).exit({ code: 1 })
    virtual.clock.advance(250)
    expect(virtual.pools.at(-1)?.failure).toBe('onStart: no database')
    virtual.readyOne()
    virtual.clock.advance(200)
    expect(virtual.pools.at(-1)).toMatchObject({ ready: 1, failure: null })
  })

  test('one that is not ready within a minute is killed; without a server it is waited for', () => {
    const virtual = new VirtualHost().welcome()
    virtual.away()
    virtual.clock.advance(60_000)
    expect(virtual.child(1).signals).toEqual([])
    virtual.welcome()
    virtual.clock.advance(60_003)
    expect(virtual.child(1).signals).toEqual(['SIGKILL to the group'])
    expect(virtual.host.counts()['answer/chat']?.failure).toBe('not ready within 60 s')
  })

  test('one that ends while it waits counts too, unless a run was on its way to it', () => {
    const virtual = new VirtualHost().welcome()
    const child = virtual.readyOne()
    child.exit({ code: 1 })
    expect(virtual.host.counts()['answer/chat']?.failure).toBe('exit code 1 while it waited for a run')
    expect(virtual.started).toBe(1)
    virtual.place(child) // the server's word came after the end
    expect(virtual.host.counts()['answer/chat']?.failure).toBe(null)
    virtual.clock.advance(REFILL_MS)
    expect(virtual.started).toBe(2)
  })
})

describe('how a process ends', () => {
  const check = (how: (given: ReturnType<typeof atWork>) => void, expected: object, limits = {}) => {
    const given = atWork({ memoryMbMax: 512, timeoutMs: 1_000, ...limits })
    how(given)
    expect(given.virtual.ends).toEqual([expect.objectContaining({ pid: 100, session_id: 'session of 100', ...expected })])
  }

  test('by itself', () => check(({ child }) => child.exit({ code: 1 }), { kind: 'exit', code: 1, message: 'exit code 1' }))

  test('by a signal from elsewhere', () =>
    check(({ child }) => child.exit({ signal: 'SIGKILL' }), { kind: 'signal', signal: 'SIGKILL', message: 'killed by SIGKILL' }))

  test('past its bound of memory', () =>
    check(
      ({ virtual, child }) => {
        child.rssMb = 513
        virtual.clock.advance(253)
        expect(child.signals).toEqual(['SIGKILL to the group'])
      },
      { kind: 'memory', message: 'out of memory at 512 MB' },
    ))

  test('by V8, whose heap is full', () =>
    check(
      ({ child }) => {
        child.say('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory')
        child.exit({ signal: 'SIGABRT' })
      },
      { kind: 'memory', message: 'out of memory at 512 MB' },
    ))

  test('past its time limit and what it gets beyond it', () =>
    check(
      ({ virtual, child }) => {
        virtual.clock.advance(1_499)
        expect(child.signals).toEqual([])
        virtual.clock.advance(10)
      },
      { kind: 'timeout', message: 'ran longer than 1 000 ms' },
    ))

  test('stopped and not continued', () =>
    check(
      ({ virtual, child }) => {
        child.stopped = true
        virtual.clock.advance(3_000)
      },
      { kind: 'stopped', message: 'stopped by SIGSTOP for 2 s' },
      { timeoutMs: null },
    ))

  test('stopped for a moment is not killed', () => {
    const { virtual, child } = atWork()
    child.stopped = true
    virtual.clock.advance(1_500)
    child.stopped = false
    virtual.clock.advance(500)
    child.stopped = true
    virtual.clock.advance(1_500)
    expect(child.signals).toEqual([])
  })

  test('because the server has ended its session', () =>
    check(
      ({ virtual, child }) => {
        virtual.host.receive({ type: 'retire', session_id: `session of ${child.pid}`, reason: 'its beat stopped for 6 s' })
        virtual.clock.advance(3)
      },
      { kind: 'retired', message: 'its beat stopped for 6 s' },
    ))

  test('before the server had welcomed it: without a session', () => {
    const virtual = new VirtualHost().welcome()
    virtual.child(1).exit({ code: 1 })
    expect(virtual.ends).toEqual([expect.objectContaining({ session_id: null, message: 'exit code 1' })])
  })

  test('one that has crashed is replaced, also while others are at work', () => {
    const { virtual, child } = atWork()
    virtual.clock.advance(REFILL_MS)
    child.exit({ code: 1 })
    expect(virtual.started).toBe(2)
    virtual.readyOne()
    virtual.clock.advance(1_000)
    expect(virtual.counts).toBe('0 starting, 1 ready, 0 busy')
  })

  test('the first reason stands', () => {
    const { virtual, child } = atWork({ timeoutMs: 1_000 })
    child.stubborn = true
    child.rssMb = 900
    virtual.clock.advance(250)
    virtual.host.receive({ type: 'retire', session_id: `session of ${child.pid}`, reason: 'late' })
    virtual.clock.advance(3)
    expect(virtual.ends).toEqual([expect.objectContaining({ kind: 'memory' })])
  })
})

describe('a run that is told to stop', () => {
  test('is asked, then its group gets SIGTERM, then SIGKILL, and each stage is told when it is gone', () => {
    const { virtual, child } = atWork({ cancelGraceMs: 5_000, killGraceMs: 2_000 })
    child.stubborn = true
    virtual.cancel()
    virtual.clock.advance(4_999)
    expect(child.signals).toEqual([])
    virtual.clock.advance(1)
    expect(child.signals).toEqual(['SIGTERM to the group'])
    virtual.clock.advance(2_000)
    expect(child.signals).toEqual(['SIGTERM to the group', 'SIGKILL to the group'])
    expect(virtual.ends).toEqual([])
    virtual.clock.advance(3)
    expect(virtual.ends).toEqual([
      expect.objectContaining({
        kind: 'cancel',
        message: 'aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later',
        stages: [
          { stage: 'abort', after_ms: 0 },
          { stage: 'SIGTERM', after_ms: 5_000 },
          { stage: 'SIGKILL', after_ms: 7_000 },
          { stage: 'gone', after_ms: 7_003 },
        ],
      }),
    ])
  })

  test('and ends by itself is left alone', () => {
    const { virtual, child } = atWork({ isolation: 'reuse' })
    virtual.cancel()
    virtual.clock.advance(10)
    child.tell({ type: 'ended', run_id: 'run', epoch: 1 })
    virtual.clock.advance(60_000)
    expect(child.signals).toEqual([])
    expect(virtual.counts).toMatch('ready, 0 busy')
  })

  test('a second time changes nothing', () => {
    const { virtual, child } = atWork({ cancelGraceMs: 5_000 })
    child.stubborn = true
    virtual.cancel()
    virtual.clock.advance(4_000)
    virtual.cancel()
    virtual.clock.advance(1_000)
    expect(child.signals).toEqual(['SIGTERM to the group'])
  })

  test('with an old epoch is not the one at work', () => {
    const { virtual, child } = atWork({ cancelGraceMs: 10 })
    virtual.cancel('run', 0)
    virtual.clock.advance(100)
    expect(child.signals).toEqual([])
  })

  test('its time limit no longer counts', () => {
    const { virtual, child } = atWork({ timeoutMs: 100, cancelGraceMs: 5_000 })
    virtual.cancel()
    virtual.clock.advance(1_000)
    expect(child.signals).toEqual([])
  })
})

describe('the end of a run', () => {
  const end = (runId: string) => ({ type: 'ended', run_id: runId, epoch: 1 }) as const

  test('a fresh process that does not leave after it is killed, as no fault of the run', () => {
    const { virtual, child } = atWork()
    child.tell(end('run'))
    virtual.clock.advance(7_003)
    expect(virtual.ends).toEqual([expect.objectContaining({ kind: 'retired', message: 'did not leave within 7 s' })])
  })

  test('one that is used again takes the next run, whose limits are its own', () => {
    const { virtual, child } = atWork({ isolation: 'reuse', timeoutMs: 1_000 })
    virtual.clock.advance(900)
    child.tell(end('run'))
    virtual.place(child, 'second')
    virtual.clock.advance(1_000)
    expect(child.signals).toEqual([])
    virtual.clock.advance(500)
    expect(child.signals).toEqual(['SIGKILL to the group'])
  })

  test('is heard after the next hand-over: the next run stays', () => {
    const { virtual, child } = atWork({ isolation: 'reuse' })
    virtual.place(child, 'second')
    child.tell(end('run'))
    expect(virtual.counts).toMatch('1 busy')
  })

  test('is heard before its own hand-over: the process is not at work', () => {
    const virtual = new VirtualHost({ isolation: 'reuse' }).welcome()
    const child = virtual.readyOne()
    child.tell(end('run'))
    virtual.place(child)
    expect(virtual.counts).toMatch('0 busy')
    virtual.place(child, 'run', 2) // the next attempt of the same run is another one
    expect(virtual.counts).toMatch('1 busy')
  })

  test('a hand-over that is told again, after an outage, is not a second run', () => {
    const { virtual, child } = atWork({ timeoutMs: 1_000 })
    virtual.clock.advance(900)
    virtual.place(child)
    virtual.clock.advance(600)
    expect(child.signals).toEqual(['SIGKILL to the group'])
  })
})

describe('outages', () => {
  test('an end that nobody heard is told after the outage', () => {
    const { virtual, child } = atWork()
    virtual.away()
    child.exit({ code: 1 })
    expect(virtual.ends).toEqual([])
    virtual.welcome()
    expect(virtual.ends).toEqual([expect.objectContaining({ message: 'exit code 1' })])
  })

  test('one that left shortly before the outage is told again, and once it is old it is not', () => {
    const { virtual, child } = atWork()
    child.exit({ code: 1 })
    virtual.away()
    virtual.welcome()
    expect(virtual.ends).toHaveLength(2)
    virtual.clock.advance(60_000)
    virtual.away()
    virtual.welcome()
    expect(virtual.ends).toHaveLength(2)
  })

  test('one whose session the server has ended by itself is not told again', () => {
    const { virtual, child } = atWork()
    virtual.away()
    child.exit({ code: 1 })
    virtual.host.receive({ type: 'retire', session_id: `session of ${child.pid}`, reason: 'gone' })
    virtual.welcome()
    expect(virtual.ends).toEqual([])
  })

  test('processes stay while the server is away', () => {
    const { virtual, child } = atWork()
    virtual.away()
    virtual.clock.advance(600_000)
    expect(child.signals).toEqual([])
    virtual.welcome()
    expect(child.signals).toEqual([])
  })

  test('when the host has a new session, its idle processes are replaced: they name the old one', () => {
    const virtual = new VirtualHost().welcome()
    const child = virtual.readyOne()
    virtual.away()
    virtual.welcome('another session')
    expect(child.signals).toEqual(['SIGTERM'])
    expect(virtual.child(2).identity.host_session_id).toBe('another session')
  })

  test('one whose session the server has ended while it had a run is killed: the run goes on elsewhere', () => {
    const { virtual, child } = atWork()
    child.ready('a new session')
    virtual.clock.advance(3)
    expect(virtual.ends).toEqual([expect.objectContaining({ kind: 'retired', session_id: 'a new session' })])
  })

  test('one that waits goes on under its new session', () => {
    const virtual = new VirtualHost().welcome()
    virtual.readyOne().ready('a new session')
    virtual.host.receive({ type: 'placed', run_id: 'run', epoch: 1, session_id: 'a new session', deployment_id: 'd' })
    expect(virtual.counts).toMatch('1 busy')
  })
})

describe('other code is current', () => {
  test('processes that wait leave, and none starts until runs are wanted again', () => {
    const virtual = new VirtualHost().welcome()
    const child = virtual.readyOne()
    virtual.host.receive({ type: 'outdated', deployment_id: 'd', version: 'v2' })
    virtual.clock.advance(1_000)
    expect(child.signals).toEqual(['SIGTERM'])
    expect(virtual.counts).toBe('0 starting, 0 ready, 0 busy')
    virtual.want(0)
    expect(virtual.counts).toBe('1 starting, 0 ready, 0 busy')
  })
})

describe('the end of a host', () => {
  test('at a drain idle processes leave, a run finishes, and nothing is started', () => {
    const { virtual, child } = atWork()
    virtual.clock.advance(REFILL_MS)
    const waiting = virtual.readyOne()
    virtual.host.drain()
    expect(virtual.frames).toContainEqual({ type: 'drain' })
    expect(waiting.signals).toEqual(['SIGTERM'])
    virtual.want(5)
    virtual.clock.advance(60_000)
    expect(child.signals).toEqual([])
    expect(virtual.empty).toBe(false)
    child.exit({ code: 0 })
    expect(virtual.empty).toBe(true)
    expect(virtual.started).toBe(2)
    expect(virtual.clock.pending).toBe(0)
  })

  test('one that is used again is told to leave after its run', () => {
    const { virtual, child } = atWork({ isolation: 'reuse' })
    child.stubborn = true
    virtual.host.drain()
    expect(child.signals).toEqual(['SIGTERM'])
    virtual.clock.advance(60_000)
    expect(child.alive).toBe(true)
  })

  test('a drain is told again after an outage', () => {
    const { virtual } = atWork()
    virtual.host.drain()
    virtual.away()
    virtual.welcome()
    expect(virtual.frames.filter(({ type }) => type === 'drain')).toHaveLength(2)
  })

  test('the second time all are killed and their runs handed back', () => {
    const { virtual, child } = atWork()
    child.stubborn = true
    virtual.host.drain()
    virtual.host.handBack()
    expect(virtual.frames.at(-1)).toEqual({ type: 'drain', hand_back: true })
    expect(child.signals).toEqual(['SIGKILL to the group'])
    virtual.clock.advance(3)
    expect(virtual.ends).toEqual([expect.objectContaining({ kind: 'retired', message: expect.stringMatching(/^handed back/) })])
    expect(virtual.empty).toBe(true)
  })

  test('a host that was never welcomed ends at once', () => {
    const virtual = new VirtualHost()
    virtual.host.drain()
    expect(virtual.empty).toBe(true)
  })

  test('a process that is placed while it was asked to leave finishes its run', () => {
    const virtual = new VirtualHost().welcome()
    const child = virtual.readyOne()
    child.stubborn = true
    virtual.host.drain()
    virtual.place(child)
    virtual.clock.advance(60_000)
    expect(child.signals).toEqual(['SIGTERM'])
    expect(child.alive).toBe(true)
  })
})

describe('a run that comes before the word that its process is ready', () => {
  const placeEarly = (limits: ConstructorParameters<typeof VirtualHost>[0] = {}) => {
    const virtual = new VirtualHost(limits).welcome()
    const child = virtual.child(1)
    virtual.host.receive({
      type: 'placed',
      run_id: 'run',
      epoch: 1,
      session_id: 'its session',
      pid: child.pid,
      deployment_id: 'd',
    })
    return { virtual, child }
  }

  test('is watched from then on, though the process never says a word', () => {
    const { virtual, child } = placeEarly({ timeoutMs: 1_000 })
    virtual.clock.advance(1_503)
    expect(child.signals).toEqual(['SIGKILL to the group'])
    expect(virtual.ends).toEqual([expect.objectContaining({ kind: 'timeout', session_id: 'its session' })])
    expect(virtual.host.counts()['answer/chat']?.failure).toBe(null)
  })

  test('the word comes later, and the run stays', () => {
    const { virtual, child } = placeEarly()
    child.ready('its session')
    expect(virtual.counts).toMatch('1 busy')
    expect(child.signals).toEqual([])
  })

  test('one that is gone by then is not mistaken for another', () => {
    const { virtual, child } = placeEarly()
    child.exit({ code: 1 })
    virtual.host.receive({
      type: 'placed',
      run_id: 'run',
      epoch: 1,
      session_id: 'its session',
      pid: child.pid,
      deployment_id: 'd',
    })
    expect(virtual.counts).toMatch('0 busy')
  })
})

describe('several deployments', () => {
  const two = () => {
    const virtual = new VirtualHost(
      {},
      { startsAtOnceMax: 1, deployments: [deploymentOf({}, 'first'), deploymentOf({}, 'second')] },
    )
    return virtual.welcome()
  }
  const names = ({ processes }: VirtualHost) => processes.all.map(({ spec }) => spec.name)

  test('each may start one, whatever the others do', () => {
    expect(names(two())).toEqual(['answer/first', 'answer/second'])
  })

  test('beyond that they share what starts at the same time, and one goes on when another is ready', () => {
    const virtual = new VirtualHost(
      {},
      {
        startsAtOnceMax: 2,
        deployments: [
          deploymentOf({ warm: { min: 2, max: 4, idleMs: 1_000 } }, 'first'),
          deploymentOf({ warm: { min: 2, max: 4, idleMs: 1_000 } }, 'second'),
        ],
      },
    ).welcome()
    expect(names(virtual)).toEqual(['answer/first', 'answer/first', 'answer/second'])
    virtual.child(1).ready()
    virtual.child(2).ready()
    expect(names(virtual)).toEqual(['answer/first', 'answer/first', 'answer/second', 'answer/second'])
  })
})
