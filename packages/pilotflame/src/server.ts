/** The server, for programs that start it themselves. */
export { type RunningServer, type ServerSettings, startServer } from '@pilotflame/server'
