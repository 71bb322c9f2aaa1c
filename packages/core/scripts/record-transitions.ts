/**
 * Asks a running server of Prefect's what it decides about changes of state, and writes down what it said: the facts
 * that our own rules are held against in `test/transitions.test.ts`.
 *
 *     PREFECT_API_URL=http://127.0.0.1:4200/api node packages/core/scripts/record-transitions.ts
 */
import { writeFileSync } from 'node:fs'
import type { StateType } from '../src/states.ts'
import { flowRunCases, type RecordedCase, type Step, taskRunCases } from '../test/transition-cases.ts'

const url = process.env.PREFECT_API_URL ?? 'http://127.0.0.1:4200/api'

async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; json: T }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(`${url}${path}`, { method, ...init })
  const text = await response.text()
  if (response.status === 503) return ask(method, path, body) // its SQLite was busy, and nothing was written
  if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return { status: response.status, json: (text === '' ? null : JSON.parse(text)) as T }
}

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()

/** A step as the API takes it. */
function stateOf({ type, name, data, details = {}, scheduledIn, timeoutIn }: Step) {
  return {
    type,
    ...(name === undefined ? {} : { name }),
    ...(data === undefined ? {} : { data }),
    state_details: {
      ...details,
      ...(scheduledIn === undefined ? {} : { scheduled_time: inSeconds(scheduledIn) }),
      ...(timeoutIn === undefined ? {} : { pause_timeout: inSeconds(timeoutIn) }),
    },
  }
}

interface Run {
  id: string
  run_count: number
  state: { id: string; type: StateType; name: string } | null
  empirical_policy: { pause_keys?: string[]; resuming?: boolean; retry_type?: string | null }
}
interface Answer {
  status: RecordedCase['says']['status']
  state: { type: StateType; name: string } | null
}

const flow = (await ask<{ id: string }>('POST', '/flows/', { name: 'transitions' })).json.id
const deployment = (await ask<{ id: string }>('POST', '/deployments/', { name: 'd', flow_id: flow })).json.id
const taskRun = (flowRunId: string, key: string) => ({ flow_run_id: flowRunId, task_key: 't', dynamic_key: key })
const version = (await ask<string>('GET', '/admin/version')).json
let made = 0

async function propose(kind: string, id: string, steps: readonly Step[]) {
  let last: { status: number; json: Answer } | undefined
  for (const step of steps) {
    last = await ask<Answer>('POST', `/${kind}/${id}/set_state`, { state: stateOf(step), force: step.force === true })
  }
  if (!last) throw new Error('a case has at least one step')
  return last
}

function saysOf({ status: http, json }: { status: number; json: Answer }, run: Run): RecordedCase['says'] {
  return {
    status: json.status,
    http,
    answered: json.state === null ? null : `${json.state.type} ${json.state.name}`,
    becomes: `${run.state?.type} ${run.state?.name}`,
    run_count: run.run_count,
  }
}

async function flowRun(one: (typeof flowRunCases)[number]): Promise<RecordedCase> {
  const parent = one.subflow ? (await ask<Run>('POST', '/flow_runs/', { flow_id: flow, name: 'p' })).json.id : null
  made += 1
  const parentTask = parent && (await ask<Run>('POST', '/task_runs/', taskRun(parent, String(made)))).json.id
  const { json } = await ask<Run>('POST', '/flow_runs/', {
    flow_id: flow,
    name: 'r',
    state: stateOf(one.first),
    ...(one.deployment ? { deployment_id: deployment } : {}),
    ...(parentTask ? { parent_task_run_id: parentTask } : {}),
    ...(one.policy ? { empirical_policy: one.policy } : {}),
  })
  if (one.pid) await ask('PATCH', `/flow_runs/${json.id}`, { infrastructure_pid: 'pid' })
  const answer = await propose('flow_runs', json.id, one.steps)
  const after = (await ask<Run>('GET', `/flow_runs/${json.id}`)).json
  const { pause_keys = [], resuming = false, retry_type = null } = after.empirical_policy
  const mirrored = parentTask ? (await ask<Run>('GET', `/task_runs/${parentTask}`)).json : null
  return {
    ...one,
    says: {
      ...saysOf(answer, after),
      pause_keys: pause_keys.length,
      resuming,
      retry_type,
      ...(mirrored ? { parent: `${mirrored.state?.type} ${mirrored.state?.name}`, parent_run_count: mirrored.run_count } : {}),
    },
  }
}

async function taskRunOf(one: (typeof taskRunCases)[number]): Promise<RecordedCase> {
  made += 1
  const of = one.flow
    ? (await ask<Run>('POST', '/flow_runs/', { flow_id: flow, name: 'r', state: stateOf(one.flow) })).json.id
    : null
  const { json } = await ask<Run>('POST', '/task_runs/', {
    name: 't',
    task_key: 't',
    dynamic_key: `k${made}-${Date.now()}`,
    state: stateOf(one.first),
    ...(of ? { flow_run_id: of } : {}),
    ...(one.policy ? { empirical_policy: one.policy } : {}),
  })
  const answer = await propose('task_runs', json.id, one.steps)
  return { ...one, says: saysOf(answer, (await ask<Run>('GET', `/task_runs/${json.id}`)).json) }
}

const lines = async <C>(cases: readonly C[], record: (one: C) => Promise<RecordedCase>): Promise<string> => {
  const recorded: string[] = []
  for (const one of cases) recorded.push(`    ${JSON.stringify(await record(one))}`)
  return recorded.join(',\n')
}

const text = `{
  "version": ${JSON.stringify(version)},
  "flow_runs": [
${await lines(flowRunCases, flowRun)}
  ],
  "task_runs": [
${await lines(taskRunCases, taskRunOf)}
  ]
}
`
const target = new URL('../test/prefect-transitions.json', import.meta.url)
writeFileSync(target, text)
console.log(
  `${flowRunCases.length} changes of flow runs and ${taskRunCases.length} of task runs, as Prefect ${version} decides them`,
)
