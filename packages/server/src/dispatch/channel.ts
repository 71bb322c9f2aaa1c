/**
 * The server's side of the channel to executors: says hello back, takes batches in, and ends sessions that are gone.
 * Frames are in `core/channel/frames.ts`; sockets are opened by whoever calls `connect`.
 *
 * A session outlives its connection: it ends when its process is gone, or 6 s after its channel closed or its beat
 * stopped. When it ends, its runs crash, or are tried again by their policy.
 */
import {
  AppError,
  type BatchFrame,
  type ChildEndFrame,
  type DrainFrame,
  type HelloFrame,
  isAppError,
  type RunEnding,
} from '@pilotflame/core'
import type { Channel } from '../app.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork, type Work, type WorkOptions } from '../engine/work.ts'
import { holdsNothing, type Session } from '../executors/session.ts'
import type { StreamHub } from '../streams/streams.ts'
import { checkFrame } from './check-frame.ts'
import { createSessionEnds, endingOf, type SessionEnds } from './end-session.ts'
import { join } from './join.ts'
import { reconcile } from './reconcile.ts'
import { recordItems } from './record-items.ts'

/** What one waits for is in a small batch: a step's two states, the end of a run, a chunk. */
const JOURNALED_ITEMS_MAX = 4

export interface ChannelParts {
  readonly core: EngineCore
  readonly streams: StreamHub
  readonly apiUrl: () => string
  /** A channel was closed: look whether its process is gone. */
  readonly onClosed: () => void
}

export interface ChannelService extends Channel, SessionEnds {}

export function createChannel({ core, streams, apiUrl, onClosed }: ChannelParts): ChannelService {
  const { registry, clock } = core
  const work = <T>(body: (work: Work) => Promise<T>, options: WorkOptions = {}): Promise<T> => unitOfWork(core, body, options)
  const ends = createSessionEnds(core)
  const endLater = (session: Session, ending: RunEnding): void => {
    ends.end(session, ending).catch((error: unknown) => {
      core.log(
        'error',
        `the end of ${session.name} (pid ${session.pid}) was not written and will be tried again: ${String(error)}`,
      )
    })
  }

  const connect: Channel['connect'] = (peer) => {
    let session: Session | null = null
    // Batches of one connection are written in order; after one that failed none of the later ones may be, also before
    // the connection hears of it.
    let broken = false
    let failed = false

    const hello = async (frame: HelloFrame): Promise<void> => {
      const joined = await join(core, work, frame, peer)
      session = joined.session
      if (broken) return closed() // meanwhile: it is as if it had been closed after the welcome
      const { id } = session
      const deployments = joined.deployments.map((one) => ({ id: one.id, flow_name: one.flowName, name: one.name }))
      peer.send({ type: 'welcome', session_id: id, resumed: joined.resumed, api_url: apiUrl(), deployments })
      const isToGo = await reconcile(core, session, frame)
      if (isToGo) return ends.end(session, endingOf(session, 'its run was cancelled before it had reached its process'))
      if (session.role === 'host') core.hosts.joined(session)
      for (const { id: deploymentId } of joined.deployments) registry.onRoom(deploymentId)
    }

    const batch = (current: Session, { seq, items }: BatchFrame): Promise<void> =>
      work(
        async (body) => {
          if (broken || failed) throw new AppError('session_ended', 'An earlier batch of this connection was not written.')
          const refused = await recordItems({ core, work: body, streams, sessionId: current.id }, items)
          body.afterwards(() => peer.send({ type: 'ack', seq, refused }))
        },
        {
          journal: items.length <= JOURNALED_ITEMS_MAX ? 'often' : undefined,
          failed() {
            failed = true
          },
        },
      )

    /** What the process sent before it ended is read first: the session ends when its channel has closed. */
    const childEnd = (host: Session, frame: ChildEndFrame): void => {
      const child = frame.session_id === null ? undefined : registry.sessions.get(frame.session_id)
      // After a restart of the server it is not known yet whose process it was.
      const remembered = child?.hostSessionId === null && child.peer === null && child.pid === frame.pid
      if (!child || !(child.hostSessionId === host.id || remembered)) return
      const { message: reason, kind, stages = [] } = frame
      child.ending = { ...endingOf(child, reason), handBack: child.handBack || host.handBack, kind, stages }
      child.endingAt = clock.monotonic()
      if (child.peer === null) endLater(child, child.ending)
      else onClosed()
    }

    const handle = (raw: unknown): Promise<void> | void => {
      const frame = checkFrame(raw)
      switch (frame.type) {
        case 'hello':
          return hello(frame)
        case 'beat':
          return beat(core, frame.session_id)
        case 'batch':
          if (!session) throw new AppError('invalid_request', 'The first frame of a connection is hello.')
          return batch(session, frame)
        case 'drain':
          if (session) drain(core, session, frame)
          return
        case 'child_end':
          if (session) childEnd(session, frame)
          return
        case 'pool':
          session?.pools.set(frame.deployment_id, frame)
          return
      }
    }

    /** What may work later makes the executor come back and send it again; anything else is refused for good. */
    const fail = (error: unknown): void => {
      if (broken) return
      broken = true
      if (isAppError(error) && !error.retryable) peer.send({ type: 'refused', code: error.code, message: error.message })
      else core.log('error', `what an executor sent was not written and will come again (${peer.origin}): ${String(error)}`)
      peer.close()
    }

    const closed = (): void => {
      broken = true
      if (session?.peer !== peer) return
      session.peer = null
      session.closedAt = clock.monotonic()
      const leaves = session.draining || session.uses === 0
      if (session.ending) endLater(session, session.ending)
      // It holds nothing and takes nothing: whether its process is gone matters to nobody.
      else if (leaves && holdsNothing(session) && session.role === 'executor')
        endLater(session, { ...endingOf(session, 'It has left.'), kind: 'exit' })
      else {
        core.log('info', `executor ${session.name} (pid ${session.pid}) closed its channel`)
        onClosed()
      }
    }

    return {
      receive(frame) {
        if (broken) return
        try {
          handle(frame)?.catch(fail)
        } catch (error) {
          fail(error)
        }
      },
      closed,
    }
  }

  return { connect, ...ends }
}

function beat({ registry, clock }: EngineCore, sessionId: string): void {
  const session = registry.sessions.get(sessionId)
  if (session) session.beatAt = clock.monotonic()
}

/** What a host says of itself holds for its processes too. */
function drain({ registry }: EngineCore, session: Session, { hand_back: handBack = false }: DrainFrame): void {
  for (const one of registry.sessions.values()) {
    if (one !== session && one.hostSessionId !== session.id) continue
    one.draining = true
    if (handBack) one.handBack = true
  }
}
