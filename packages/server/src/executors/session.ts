/**
 * One executor, or a host of executors, as the server knows it: what it offers, what it holds, how it is connected.
 * A session outlives its connection. Memory only; its row says no more than who may come back after a restart.
 */
import type { HelloFrame, Micros, PoolFrame, RunEnding } from '@pilotflame/core'
import type { ChannelPeer } from '../ports.ts'
import type { SessionRow } from '../store/store.ts'

export interface Session {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly boot: string
  role: 'executor' | 'host'
  /** The session of the host whose process it is; null where it has none. */
  hostSessionId: string | null
  /** How many runs it takes at once. */
  limit: number
  /** How many more it takes before it leaves; null without an end. */
  uses: number | null
  /** Deployment id → the version of its code that this executor has. */
  offers: ReadonlyMap<string, string>
  /** Run id → epoch of the lease it holds. */
  readonly running: Map<string, number>
  /** Run id → when it streamed or logged last. */
  readonly outputAt: Map<string, Micros>
  reserved: number
  peer: ChannelPeer | null
  draining: boolean
  /** It is leaving with runs at work, which are to be started again elsewhere. */
  handBack: boolean
  /** What its host said of its end; it ends when its channel has closed, so that what it sent before is read. */
  ending: RunEnding | null
  /** Monotonic microseconds: when its channel closed, when its beat was last heard, when its host spoke of its end. */
  closedAt: number | null
  beatAt: number | null
  endingAt: number | null
  /** Of a host: deployment id → how its processes are, and how many runs it was last told are waiting. */
  readonly pools: Map<string, PoolFrame>
  readonly wanted: Map<string, number>
}

type Who = Pick<Session, 'id' | 'name' | 'host' | 'pid' | 'boot'>

const idle = (who: Who): Session => ({
  ...who,
  role: 'executor',
  hostSessionId: null,
  limit: 0,
  uses: null,
  offers: new Map(),
  running: new Map(),
  outputAt: new Map(),
  reserved: 0,
  peer: null,
  draining: false,
  handBack: false,
  ending: null,
  closedAt: null,
  beatAt: null,
  endingAt: null,
  pools: new Map(),
  wanted: new Map(),
})

/** A session from before a restart of the server: it may come back with its runs. */
export const rememberedSession = (
  { id, name, host, pid, boot }: SessionRow,
  running: ReadonlyMap<string, number>,
  closedAt: number,
): Session => ({ ...idle({ id, name, host, pid, boot }), running: new Map(running), closedAt })

export const newSession = (id: string, { name, host, pid, boot_id: boot }: HelloFrame): Session =>
  idle({ id, name, host, pid, boot })

/** The session says hello over a new connection. */
export function connectSession(session: Session, frame: HelloFrame, offers: Session['offers'], peer: ChannelPeer): void {
  session.peer?.close()
  session.role = frame.role ?? 'executor'
  session.hostSessionId = frame.host_session_id ?? null
  session.limit = session.role === 'host' ? 0 : frame.limit
  session.offers = offers
  session.peer = peer
  session.draining = false
  session.handBack = false
  session.closedAt = null
  // A run that never reached it is sent again, and uses it up then; until that, the run has its place.
  session.uses = typeof frame.uses === 'number' ? frame.uses : null
}

/** How many runs it could be sent now. */
export function freePlaces({ peer, draining, ending, limit, uses, running, reserved }: Session): number {
  if (peer === null || draining || ending !== null) return 0
  const places = limit - running.size - reserved
  return Math.max(0, uses === null ? places : Math.min(places, uses - reserved))
}

/** True when it holds nothing, and nothing is on its way to it. */
export const holdsNothing = ({ running, reserved }: Session): boolean => running.size === 0 && reserved === 0
