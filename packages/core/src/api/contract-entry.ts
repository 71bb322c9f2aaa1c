/** What a server needs of the API, apart from the main entry: `@pilotflame/core/contract`. It loads zod. */
export * from './check-events.ts'
export * from './contract.ts'
export * from './json-error.ts'
export * from './openapi.ts'
export * from './prefect-operations.ts'
export { PAGE_MAX } from './schemas/common.ts'
export {
  type BodyOfLogSubscription,
  type BodyOfSubscription,
  EVENT_PAGE_MAX,
  logSubscription,
  subscription,
} from './schemas/events.ts'
export type * from './schemas/filters.ts'
export { HOOK_NAME } from './schemas/requests.ts'
export * from './validate.ts'
