/**
 * What a host and the processes it starts say to each other, off the path of runs. The host tells a process who it is
 * by one variable of its environment, and sends it signals only; the process answers by Node's IPC channel.
 *
 * When that channel closes the host is gone, and the process drains: it finishes the run it has, and leaves.
 */

/** The variable that makes a call of `serve` a host's process: a `ChildIdentity` as JSON. */
export const CHILD_VARIABLE = 'PILOTFLAME_CHILD'

export interface ChildIdentity {
  /** The one deployment that it serves, as `flow/deployment`. */
  readonly deployment: string
  /** The version that its host offers; the process says the same. */
  readonly version: string
  readonly host_session_id: string
  /** How many runs it takes before it leaves by itself: 1 for a fresh process, `runsMax` for one that is used again. */
  readonly uses: number
  readonly api_url: string
  /** `user:password`, or null where the server asks for none. */
  readonly auth_string: string | null
  /** The server's unix socket, where the host reaches it by that: its processes then need not ask for it. Default: they ask. */
  readonly socket?: string | null
}

/** After each welcome that brings a session id it has not told yet: its hooks have run, and it takes runs. */
export interface ChildReady {
  readonly type: 'ready'
  readonly session_id: string
}

/** Loading its code or a start-up hook failed. It leaves right after it, with a code other than 0. */
export interface ChildFailed {
  readonly type: 'failed'
  readonly message: string
}

/** The run's end is acknowledged: the host's timers of that run stop. A process with no uses left leaves after it. */
export interface ChildRunEnded {
  readonly type: 'ended'
  readonly run_id: string
  readonly epoch: number
}

export type ChildMessage = ChildReady | ChildFailed | ChildRunEnded
