/** Lists, counts, pages and histories: each is one question to the reader, answered as it comes. */
import type { App } from '../../app.ts'
import type { Criteria } from '../../store/filters/criteria.ts'
import type { NameSort } from '../../store/store.ts'
import type { Handlers } from '../exchange.ts'
import { criteriaOf, historySpanOf, type NumberedPage, numberedPageOf, pageJson, pageOf } from '../filters.ts'
import { type Reply, text, value } from '../replies.ts'
import { readyIds } from './deployments.ts'

/** One page, with the number of all that fit. */
async function page(at: NumberedPage, list: Promise<string>, count: Promise<number>): Promise<Reply> {
  const [results, total] = await Promise.all([list, count])
  return text(pageJson(results, total, at))
}

export const flowRunListRoutes: Handlers<
  | 'POST /flow_runs/filter'
  | 'POST /flow_runs/count'
  | 'POST /flow_runs/paginate'
  | 'POST /flow_runs/history'
  | 'POST /flow_runs/lateness'
> = {
  async 'POST /flow_runs/filter'({ context: { app }, body }) {
    return text(await app.store.read.flowRuns(criteriaOf(body), body.sort ?? 'ID_DESC', pageOf(body), app.clock.now()))
  },

  async 'POST /flow_runs/count'({ context, body }) {
    return value(await context.app.store.read.countFlowRuns(criteriaOf(body)))
  },

  'POST /flow_runs/paginate'({ context: { app }, body }) {
    const [criteria, at] = [criteriaOf(body), numberedPageOf(body)]
    const { read } = app.store
    const list = read.flowRuns(criteria, body.sort ?? 'ID_DESC', at, app.clock.now())
    return page(at, list, read.countFlowRuns(criteria))
  },

  async 'POST /flow_runs/history'({ context: { app }, body }) {
    return text(await app.store.read.flowRunHistory(criteriaOf(body), historySpanOf(body), app.clock.now()))
  },

  async 'POST /flow_runs/lateness'({ context: { app }, body }) {
    return value(await app.store.read.flowRunLateness(criteriaOf(body), app.clock.now()))
  },
}

export const taskRunListRoutes: Handlers<
  'POST /task_runs/filter' | 'POST /task_runs/count' | 'POST /task_runs/paginate' | 'POST /task_runs/history'
> = {
  async 'POST /task_runs/filter'({ context: { app }, body }) {
    return text(await app.store.read.taskRuns(criteriaOf(body), body.sort ?? 'ID_DESC', pageOf(body), app.clock.now()))
  },

  async 'POST /task_runs/count'({ context, body }) {
    return value(await context.app.store.read.countTaskRuns(criteriaOf(body)))
  },

  'POST /task_runs/paginate'({ context: { app }, body }) {
    const [criteria, at] = [criteriaOf(body), numberedPageOf(body)]
    const { read } = app.store
    const list = read.taskRuns(criteria, body.sort ?? 'ID_DESC', at, app.clock.now())
    return page(at, list, read.countTaskRuns(criteria))
  },

  async 'POST /task_runs/history'({ context: { app }, body }) {
    return text(await app.store.read.taskRunHistory(criteriaOf(body), historySpanOf(body), app.clock.now()))
  },
}

export const flowListRoutes: Handlers<'POST /flows/filter' | 'POST /flows/count' | 'POST /flows/paginate'> = {
  async 'POST /flows/filter'({ context, body }) {
    return text(await context.app.store.read.flows(criteriaOf(body), body.sort ?? 'NAME_ASC', pageOf(body)))
  },

  async 'POST /flows/count'({ context, body }) {
    return value(await context.app.store.read.countFlows(criteriaOf(body)))
  },

  'POST /flows/paginate'({ context, body }) {
    const [criteria, at] = [criteriaOf(body), numberedPageOf(body)]
    const { read } = context.app.store
    return page(at, read.flows(criteria, body.sort ?? 'NAME_ASC', at), read.countFlows(criteria))
  },
}

interface DeploymentList extends Criteria {
  readonly sort?: NameSort | null | undefined
}

/** With what only the live server knows of them. */
function deployments(app: App, body: DeploymentList, at: ReturnType<typeof pageOf>): Promise<string> {
  const polled = Object.fromEntries(app.polls.polled().map((id) => [id, app.polls.lastPolled(id)]))
  return app.store.read.deployments({ ...criteriaOf(body), ready: readyIds(app), polled }, body.sort ?? 'NAME_ASC', at)
}

export const deploymentListRoutes: Handlers<
  'POST /deployments/filter' | 'POST /deployments/count' | 'POST /deployments/paginate'
> = {
  async 'POST /deployments/filter'({ context, body }) {
    return text(await deployments(context.app, body, pageOf(body)))
  },

  async 'POST /deployments/count'({ context, body }) {
    return value(await context.app.store.read.countDeployments(criteriaOf(body)))
  },

  'POST /deployments/paginate'({ context: { app }, body }) {
    const at = numberedPageOf(body)
    return page(at, deployments(app, body, at), app.store.read.countDeployments(criteriaOf(body)))
  },
}

export const otherListRoutes: Handlers<
  | 'POST /logs/filter'
  | 'POST /automations/filter'
  | 'POST /automations/count'
  | 'POST /variables/filter'
  | 'POST /variables/count'
> = {
  async 'POST /logs/filter'({ context, body }) {
    return text(await context.app.store.read.logs(body.logs ?? {}, body.sort ?? 'TIMESTAMP_ASC', pageOf(body)))
  },

  async 'POST /automations/filter'({ context, body }) {
    return text(await context.app.store.read.automations(body.automations ?? {}, body.sort ?? 'NAME_ASC', pageOf(body)))
  },

  async 'POST /automations/count'({ context, body }) {
    return value(await context.app.store.read.countAutomations(body.automations ?? {}))
  },

  async 'POST /variables/filter'({ context, body }) {
    return text(await context.app.store.read.variables(body.variables ?? {}, body.sort ?? 'NAME_ASC', pageOf(body)))
  },

  async 'POST /variables/count'({ context, body }) {
    return value(await context.app.store.read.countVariables(body.variables ?? {}))
  },
}
