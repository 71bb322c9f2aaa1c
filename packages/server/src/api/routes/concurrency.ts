/**
 * Slots of concurrency limits. There are none yet: making one is refused, so what clients ask for before each task with
 * a tag is answered as Prefect does where a limit of that name does not exist: nothing is limited, and nothing is held.
 */
import type { Handlers } from '../exchange.ts'
import { EMPTY, value } from '../replies.ts'

export const concurrencyRoutes: Handlers<
  | 'POST /v2/concurrency_limits/increment'
  | 'POST /v2/concurrency_limits/increment-with-lease'
  | 'POST /v2/concurrency_limits/decrement'
  | 'POST /v2/concurrency_limits/decrement-with-lease'
  | 'POST /v2/concurrency_limits/leases/{lease_id}/renew'
> = {
  'POST /v2/concurrency_limits/increment': () => value([]),
  'POST /v2/concurrency_limits/increment-with-lease': ({ context }) => value({ lease_id: context.app.random.uuid(), limits: [] }),
  'POST /v2/concurrency_limits/decrement': () => value([]),
  'POST /v2/concurrency_limits/decrement-with-lease': () => EMPTY,
  'POST /v2/concurrency_limits/leases/{lease_id}/renew': () => EMPTY,
}
