/** What Pilotflame's other packages share with the SDK; no part of what a user imports. */

export type { Target } from './executor/channel-lines.ts'
export { type MessageFrame, Session, type SessionEvents } from './executor/session.ts'
export { planServed } from './flow/plan-served.ts'
export { type HostedDeployment, type HostOptions, type RunningHost, registerHost, type StartHost } from './host/host.ts'
export { monotonicMicros, readBootId } from './machine/clock.ts'
export { uuidv7 } from './machine/uuid.ts'
export { serveHosted } from './serve.ts'
