export type * from './ports.ts'
export type * from './store/store.ts'
