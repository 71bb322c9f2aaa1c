/** Route → handler: the compiler holds this against the contract, so no route can be forgotten. */

import { AppError } from '@pilotflame/core'
import type { RouteKey } from '@pilotflame/core/contract'
import type { Handlers } from './exchange.ts'
import { adminRoutes } from './routes/admin.ts'
import { automationRoutes } from './routes/automations.ts'
import { eventRoutes } from './routes/events.ts'
import { flowRunRoutes } from './routes/flow-runs.ts'
import { deploymentRoutes, flowRoutes } from './routes/flows.ts'
import { hookRoutes } from './routes/hooks.ts'
import { taskRunRoutes } from './routes/task-runs.ts'

export const HANDLERS: Handlers<RouteKey> = {
  ...adminRoutes,
  ...eventRoutes,
  ...hookRoutes,
  ...flowRoutes,
  ...deploymentRoutes,
  ...flowRunRoutes,
  ...taskRunRoutes,
  ...automationRoutes,
  'POST /events'() {
    throw new AppError('internal', 'POST /events is served before the routes.')
  },
}
