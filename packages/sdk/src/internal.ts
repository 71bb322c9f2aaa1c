/** What Pilotflame's other packages share with the SDK; no part of what a user imports. */

export type { Target } from './executor/connection.ts'
export { type MessageFrame, Session, type SessionEvents } from './executor/session.ts'
export { monotonicMicros, readBootId } from './machine/clock.ts'
export { uuidv7 } from './machine/uuid.ts'
