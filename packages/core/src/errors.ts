/**
 * Every error that Pilotflame reports: a code to branch on, the HTTP status it travels with, and whether
 * the same request may succeed later. `docs/errors.md` has a heading for each code; a test keeps the two equal.
 */
export const ERRORS = {
  // What came in
  invalid_json: { http: 400, retryable: false },
  invalid_request: { http: 422, retryable: false },
  invalid_parameters: { http: 409, retryable: false },
  invalid_signature: { http: 401, retryable: false },
  payload_too_large: { http: 413, retryable: false },
  unsupported_media_type: { http: 415, retryable: false },
  too_many_events: { http: 429, retryable: true },
  unsupported_api_version: { http: 400, retryable: false },
  // Who asks
  unauthorized: { http: 401, retryable: false },
  forbidden_host: { http: 403, retryable: false },
  forbidden_origin: { http: 403, retryable: false },
  // What is asked for
  not_found: { http: 404, retryable: false },
  route_not_found: { http: 404, retryable: false },
  method_not_allowed: { http: 405, retryable: false },
  flow_not_found: { http: 404, retryable: false },
  deployment_not_found: { http: 404, retryable: false },
  run_not_found: { http: 404, retryable: false },
  task_run_not_found: { http: 404, retryable: false },
  event_not_found: { http: 404, retryable: false },
  automation_not_found: { http: 404, retryable: false },
  hook_not_found: { http: 404, retryable: false },
  hook_exists: { http: 409, retryable: false },
  variable_not_found: { http: 404, retryable: false },
  variable_exists: { http: 409, retryable: false },
  ambiguous_name: { http: 409, retryable: false },
  wrong_state: { http: 409, retryable: false },
  input_exists: { http: 409, retryable: false },
  not_implemented: { http: 501, retryable: false },
  // Runs and their executors
  stale_lease: { http: 409, retryable: false },
  session_ended: { http: 409, retryable: false },
  run_failed: { http: 500, retryable: false },
  run_crashed: { http: 500, retryable: true },
  run_cancelled: { http: 409, retryable: false },
  run_timed_out: { http: 504, retryable: true },
  task_timed_out: { http: 504, retryable: true },
  task_key_missing: { http: 422, retryable: false },
  value_not_serializable: { http: 422, retryable: false },
  // The server itself
  store_failed: { http: 500, retryable: true },
  store_locked: { http: 503, retryable: true },
  store_newer: { http: 500, retryable: false },
  store_unsupported: { http: 500, retryable: false },
  disk_full: { http: 507, retryable: true },
  home_not_writable: { http: 500, retryable: false },
  port_taken: { http: 500, retryable: false },
  auth_required: { http: 500, retryable: false },
  server_unreachable: { http: 503, retryable: true },
  shutting_down: { http: 503, retryable: true },
  internal: { http: 500, retryable: true },
} as const satisfies Record<string, { http: number; retryable: boolean }>

export type ErrorCode = keyof typeof ERRORS

/** One thing that is wrong with a request: where it is, what is wrong, and what was probably meant. */
export interface Fault {
  /** Where the value is: keys and indexes from the root of the body. */
  readonly loc: readonly (string | number)[]
  /** What is wrong with it, as a sentence for people. */
  readonly msg: string
  /** A short word for programs, such as `missing`, `unknown_field` or `type`. */
  readonly type: string
  /** The nearest thing that exists, where there is one. */
  readonly suggestion?: string
}

export interface ErrorOptions {
  readonly cause?: unknown
  /** All faults of a request that does not fit its schema. */
  readonly faults?: readonly Fault[]
  /** When to try again, in seconds; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number
  /** More facts for programs; they stand beside `code` in the JSON. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** An outcome that a caller is told about. Test `code` or `retryable`, never the message. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly faults: readonly Fault[]
  readonly retryAfterSeconds: number | undefined
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.faults = options.faults ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
    this.facts = options.facts ?? {}
  }

  get http(): number {
    return ERRORS[this.code].http
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** True for our own errors, also for one made by another copy of this package. */
export const isAppError = (error: unknown): error is AppError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in ERRORS
