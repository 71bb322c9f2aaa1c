/** What a failure is to the one who typed the command: an exit code, and one sentence. */
import { AppError, type ErrorCode, isAppError } from '@pilotflame/core'

export const EXIT = { done: 0, failed: 1, badInput: 2, wrongState: 3, notFound: 4, notAllowed: 5, noServer: 6 } as const

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  server_unreachable: EXIT.noServer,
  shutting_down: EXIT.noServer,
  not_found: EXIT.notFound,
  route_not_found: EXIT.notFound,
  flow_not_found: EXIT.notFound,
  deployment_not_found: EXIT.notFound,
  run_not_found: EXIT.notFound,
  task_run_not_found: EXIT.notFound,
  event_not_found: EXIT.notFound,
  automation_not_found: EXIT.notFound,
  hook_not_found: EXIT.notFound,
  unauthorized: EXIT.notAllowed,
  forbidden_host: EXIT.notAllowed,
  forbidden_origin: EXIT.notAllowed,
  home_not_writable: EXIT.notAllowed,
  invalid_json: EXIT.badInput,
  invalid_request: EXIT.badInput,
  invalid_parameters: EXIT.badInput,
  payload_too_large: EXIT.badInput,
  unsupported_media_type: EXIT.badInput,
  ambiguous_name: EXIT.badInput,
  auth_required: EXIT.badInput,
  stale_lease: EXIT.wrongState,
  session_ended: EXIT.wrongState,
  hook_exists: EXIT.wrongState,
  port_taken: EXIT.wrongState,
  store_locked: EXIT.wrongState,
  store_newer: EXIT.wrongState,
}

export const exitCodeOf = (error: AppError): number => BY_CODE[error.code] ?? EXIT.failed

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Any failure as one of ours, with a sentence where the operating system only has a code. */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error
  const code = codeOf(error)
  const path = error instanceof Error && 'path' in error ? String(error.path) : 'a file'
  if (code === 'ENOSPC') return new AppError('disk_full', 'The disk is full. Free some space and start again.', { cause: error })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `There is no permission to use ${path}. Change its owner, or name another folder with --home.`
    return new AppError('home_not_writable', message, { cause: error })
  }
  if (code === 'ENOENT') {
    return new AppError('not_found', `There is no file ${path}. Check its name and the folder you are in.`, { cause: error })
  }
  const said = error instanceof Error ? error.message : String(error)
  return new AppError('internal', said === '' ? 'Something failed without a word.' : said, { cause: error })
}

/** Every fault behind the sentence, where there are several. */
function faultLines(error: AppError): string[] {
  return error.faults
    .filter(({ msg }) => !error.message.includes(msg))
    .map(({ loc, msg, suggestion }) => {
      const where = loc.length === 0 ? '' : `${loc.join('.')}: `
      return `  ${where}${msg}${suggestion === undefined || msg.includes(suggestion) ? '' : ` (did you mean ${suggestion}?)`}`
    })
}

/** What stands on stderr. No stack trace, unless it was asked for. */
export function describe(error: AppError, options: { readonly json: boolean; readonly debug: boolean }): string {
  if (options.json) {
    const faults = error.faults.length === 0 ? {} : { exception_detail: error.faults }
    return JSON.stringify({ code: error.code, exception_message: error.message, ...faults })
  }
  const stack = options.debug ? [error.stack ?? '', ...(error.cause instanceof Error ? [error.cause.stack ?? ''] : [])] : []
  return [error.message, ...faultLines(error), ...stack].join('\n')
}
