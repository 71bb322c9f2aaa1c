/** What loads zod, apart from the main entry: `@pilotflame/core/contract`. */
export * from './contract.ts'
