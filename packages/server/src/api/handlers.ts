/** Route → handler: the compiler holds this against the contract, so no route can be forgotten. */

import { AppError } from '@pilotflame/core'
import type { RouteKey } from '@pilotflame/core/contract'
import type { Handlers } from './exchange.ts'
import { adminRoutes } from './routes/admin.ts'
import { automationRoutes } from './routes/automations.ts'
import { concurrencyRoutes } from './routes/concurrency.ts'
import { deploymentRoutes } from './routes/deployments.ts'
import { eventListRoutes } from './routes/event-lists.ts'
import { eventRoutes } from './routes/events.ts'
import { flowRunWriteRoutes } from './routes/flow-run-writes.ts'
import { flowRunRoutes } from './routes/flow-runs.ts'
import { flowRoutes } from './routes/flows.ts'
import { hookRoutes } from './routes/hooks.ts'
import { deploymentListRoutes, flowListRoutes, flowRunListRoutes, otherListRoutes, taskRunListRoutes } from './routes/lists.ts'
import { logRoutes } from './routes/logs.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { taskRunWriteRoutes } from './routes/task-run-writes.ts'
import { taskRunRoutes } from './routes/task-runs.ts'
import { variableRoutes } from './routes/variables.ts'

export const HANDLERS: Handlers<RouteKey> = {
  ...adminRoutes,
  ...eventRoutes,
  ...eventListRoutes,
  ...hookRoutes,
  ...flowRoutes,
  ...flowListRoutes,
  ...deploymentListRoutes,
  ...flowRunListRoutes,
  ...taskRunListRoutes,
  ...otherListRoutes,
  ...deploymentRoutes,
  ...scheduleRoutes,
  ...flowRunRoutes,
  ...flowRunWriteRoutes,
  ...taskRunRoutes,
  ...taskRunWriteRoutes,
  ...concurrencyRoutes,
  ...logRoutes,
  ...automationRoutes,
  ...variableRoutes,
  'POST /events'() {
    throw new AppError('internal', 'POST /events is served before the routes.')
  },
}
