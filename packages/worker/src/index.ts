/** Executors in processes of their own: a host keeps them ready, watches them, and ends them. */
export type { ChildCommand, HostDeployment } from './host-options.ts'
