/** The server about itself. */
import { AppError } from '@pilotflame/core'
import { openApiDocument, PREFECT_VERSION } from '@pilotflame/core/contract'
import type { Handlers } from '../exchange.ts'
import { EMPTY, value } from '../replies.ts'

/** The version of Prefect's wire that is spoken. */
export const API_VERSION = '0.8.4'
const NO_FLOW = '00000000-0000-0000-0000-000000000000'

export const adminRoutes: Handlers<
  | 'GET /health'
  | 'GET /ready'
  | 'GET /version'
  | 'GET /hello'
  | 'GET /admin/version'
  | 'GET /admin/storage'
  | 'DELETE /admin/storage'
  | 'GET /csrf-token'
  | 'GET /openapi.json'
  | 'POST /admin/database/prune'
  | 'GET /executors'
  | 'GET /channel'
> = {
  'GET /health': () => value(true),
  'GET /version': () => value(API_VERSION),
  'GET /hello': () => value('👋'),

  async 'GET /ready'({ context }) {
    await context.app.store.find.findFlow(NO_FLOW)
    return value({ message: 'OK' })
  },

  // Prefect's client compares the major number with its own; our own version stands behind the plus.
  'GET /admin/version': ({ context }) => value(`${PREFECT_VERSION}+pilotflame.${context.app.version}`),

  // Blocks are not here yet, so there is none that results could be kept in.
  'GET /admin/storage': () => value({ default_result_storage_block_id: null }),
  'DELETE /admin/storage': () => EMPTY,

  'GET /csrf-token'() {
    throw new AppError(
      'invalid_request',
      'CSRF protection is disabled. Requests are held to their Host, Origin and content type.',
    )
  },

  'GET /openapi.json': ({ context }) => value(openApiDocument(context.app.version)),
  // The answer waits for the whole sweep; when nobody waits for it any more, it ends.
  async 'POST /admin/database/prune'({ context, response, body }) {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const { older_than_ms: olderThanMs, dry_run: dryRun = false } = body ?? {}
    return value(await context.app.retention.prune({ olderThanMs, dryRun, signal: left.signal }))
  },

  'GET /executors': ({ context }) => value(context.app.executors.list()),
  'GET /channel': ({ context }) => value({ socket: context.socketPath, boot_id: context.app.clock.boot }),
}
