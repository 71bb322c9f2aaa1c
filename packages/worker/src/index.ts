/** Executors in processes of their own: a host keeps them ready, watches them, and ends them. */
export type { ChildEndFrame } from '@pilotflame/core'
