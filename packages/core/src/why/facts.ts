/** What is looked at to say why a run is where it is, and the answer. */
import type { Deployment } from '../deployment.ts'
import type { FlowRun } from '../run.ts'
import type { State } from '../states.ts'
import type { Micros } from '../time.ts'

export interface WhyRunFacts {
  readonly run: FlowRun
  readonly now: Micros
  readonly deployment: WhyDeployment | null
  /** Executors that have the deployment's code; processes of hosts are among them, hosts are not. */
  readonly executors: {
    /** Connected ones with the current version, how many runs they take together, and how many of these places are taken. */
    readonly current: number
    readonly places: number
    readonly taken: number
    /** With the current version, but not connected at the moment. */
    readonly away: number
    /** Connected ones with another version. */
    readonly older: number
  }
  /** How the processes of its hosts are; null where no host has the current version of its code. */
  readonly pool: WhyPool | null
  /** When a runner of Prefect's last asked for its runs; `now` while one does, null where none has. */
  readonly runnerPolledAt: Micros | null
  /** How many runs of the deployment are due and stand before it. */
  readonly ahead: number
  /** Who has the run. */
  readonly holder: {
    readonly name: string
    readonly pid: number
    readonly host: string
    readonly away: boolean
    /** It is a process of a host, which ends it when it does not stop by itself. */
    readonly ofHost: boolean
  } | null
  /** When it streamed or logged last, and its last log line. */
  readonly lastOutput: { readonly at: Micros; readonly line: string | null } | null
  /** Of a run that has ended: the states it was in, in their order. */
  readonly states: readonly StateMoment[]
}

export type StateMoment = Pick<State, 'type' | 'name' | 'at' | 'scheduledAt'>

export type WhyDeployment = Pick<Deployment, 'id' | 'flowName' | 'name' | 'entrypoint' | 'paused' | 'version'> & {
  /** Events that start its runs. */
  readonly events: readonly string[]
  /** What people call the program that offered it last; null where that is not remembered. */
  readonly program: string | null
}

export interface WhyPool {
  readonly starting: number
  readonly ready: number
  readonly busy: number
  /** Why its last process could not start. */
  readonly failure: string | null
}

/** A word for programs, in the order in which they are looked for. */
export type WhyReason =
  | 'due_later'
  | 'retry_later'
  | 'no_deployment'
  | 'deployment_paused'
  | 'starts_now'
  | 'pool_failing'
  | 'pool_starting'
  | 'all_busy'
  | 'executors_away'
  | 'older_code'
  | 'runner_pauses'
  | 'runner_gone'
  | 'no_executor'
  | 'sent'
  | 'running'
  | 'cancelling'
  | 'paused'
  | 'ended'

export interface WhyRun {
  readonly reason: WhyReason
  /** One sentence. */
  readonly summary: string
  /** Since when it is so. */
  readonly since: Micros
  /** When it goes on by itself, where that is known. */
  readonly until: Micros | null
  /** The command that mends it, where there is one. */
  readonly command: string | null
}
