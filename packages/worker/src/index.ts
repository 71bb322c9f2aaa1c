/** Executors in processes of their own: a host keeps them ready, watches them, and ends them. */
export type { PoolCounts } from './child-pool.ts'
export { type FrameForHost, Host, type HostOptions } from './host.ts'
export type { ChildCommand, HostDeployment } from './host-options.ts'
export type {
  ChildEvents,
  ChildExit,
  ChildSpec,
  HostClock,
  HostFrame,
  HostPorts,
  HostProcesses,
  OutputStream,
  ProcessSample,
} from './host-ports.ts'
export { type RunningHost, type StartHostOptions, startHost } from './start-host.ts'
