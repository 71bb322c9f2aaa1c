/** What a user imports: everything to write flows with. The server, the host and the command line are loaded when they are needed. */
import { registerHost } from '@pilotflame/sdk/internal'

registerHost(async () => (await import('./host/start-host.ts')).startHostOfThisProgram)

export * from '@pilotflame/sdk'
