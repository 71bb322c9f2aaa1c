/**
 * The server's side of the channel to executors: says hello back, takes batches in, and ends sessions that are gone.
 * Frames are in `core/channel/frames.ts`; sockets are opened by whoever calls `connect`.
 *
 * A session outlives its connection: it ends when its process is gone, or 6 s after its channel closed or its beat
 * stopped. When it ends, its runs crash, or are tried again by their policy.
 */
import { AppError, type BatchFrame, type FlowRun, type HelloFrame, isAppError } from '@pilotflame/core'
import type { Channel } from '../app.ts'
import { changeState } from '../engine/change-state.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork, type Work } from '../engine/work.ts'
import type { Session } from '../executors/registry.ts'
import type { StreamHub } from '../streams/streams.ts'
import { checkFrame } from './check-frame.ts'
import { join, reconcile } from './join.ts'
import { recordItems } from './record-items.ts'

export interface ChannelParts {
  readonly core: EngineCore
  readonly streams: StreamHub
  readonly apiUrl: () => string
  /** A channel was closed: look whether its process is gone. */
  readonly onClosed: () => void
}

export interface ChannelService extends Channel {
  /** Ends the session: its runs crash, or are tried again. */
  end(session: Session, reason: string): Promise<void>
}

export function createChannel({ core, streams, apiUrl, onClosed }: ChannelParts): ChannelService {
  const { registry, clock } = core
  const work = <T>(body: (work: Work) => Promise<T>): Promise<T> => unitOfWork(core, body)

  const end: ChannelService['end'] = async (session, reason) => {
    if (registry.sessions.get(session.id) !== session) return
    registry.remove(session)
    session.peer?.close()
    session.peer = null
    await work(async (current) => {
      for (const { id } of await current.tx.findRunsOfSession(session.id)) {
        const run = await current.findRun(id)
        if (run) await crash(core, current, run, reason)
      }
      current.tx.deleteSession(session.id)
    })
  }

  const connect: Channel['connect'] = (peer) => {
    let session: Session | null = null
    // Batches of one connection are written in order; after one that failed none of the later ones may be.
    let broken = false

    const hello = async (frame: HelloFrame): Promise<void> => {
      const joined = await join(core, work, frame, peer)
      if (broken) return closed()
      session = joined.session
      const { id } = session
      const deployments = joined.deployments.map((one) => ({ id: one.id, flow_name: one.flowName, name: one.name }))
      peer.send({ type: 'welcome', session_id: id, resumed: joined.resumed, api_url: apiUrl(), deployments })
      await reconcile(core, session, frame)
      for (const { id: deploymentId } of joined.deployments) registry.onRoom(deploymentId)
    }

    const batch = async (current: Session, { seq, items }: BatchFrame): Promise<void> => {
      const refused = await work((body) => {
        if (broken) throw new AppError('session_ended', 'An earlier batch of this connection was not written.')
        return recordItems({ core, work: body, streams, sessionId: current.id }, items)
      })
      peer.send({ type: 'ack', seq, refused })
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
          if (session) session.draining = true
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
      core.log('info', `executor ${session.name} (pid ${session.pid}) closed its channel`)
      onClosed()
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

  return { connect, end }
}

function beat({ registry, clock }: EngineCore, sessionId: string): void {
  const session = registry.sessions.get(sessionId)
  if (session) session.beatAt = clock.monotonic()
}

async function crash(core: EngineCore, work: Work, run: FlowRun, reason: string): Promise<void> {
  const type = run.state.type === 'CANCELLING' ? 'CANCELLED' : 'CRASHED'
  await changeState(core, work, run, { id: core.random.uuid(), type, message: reason }, { force: false, byExecutor: true })
}
