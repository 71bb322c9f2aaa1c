/** What a user imports: everything to write flows with. The server and the command line are loaded by `pilot` alone. */
export * from '@pilotflame/sdk'
