export type * from './app.ts'
export type * from './ports.ts'
export { type RunningServer, type ServerPorts, type ServerSettings, startServer } from './server.ts'
export type * from './store/store.ts'
