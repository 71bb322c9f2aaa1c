/** Where the API differs from Prefect's, each with its reason. `contract.test.ts` holds this list against the schemas. */
import type { RouteKey } from './contract.ts'

export interface Difference {
  readonly routes: readonly RouteKey[]
  /** Paths of fields in the request's body that are refused with 501 when they ask for something; empty: it is about the route. */
  readonly refused: readonly string[]
  readonly what: string
  readonly reason: string
}

const RUN_LISTS = ['POST /flow_runs/filter', 'POST /flow_runs/count'] as const

const RUN_FIELDS = [
  'created_by',
  'end_time',
  'expected_start_time',
  'flow_version',
  'id.not_any_',
  'idempotency_key',
  'next_scheduled_start_time',
  'parent_flow_run_id',
  'parent_task_run_id',
  'start_time',
  'work_queue_name',
].map((field) => `flow_runs.${field}`)

const REFUSED = 'Refused with 501 and the name of the field, because a filter that is passed over gives wrong answers.'

export const DIFFERENCES: readonly Difference[] = [
  // Filters
  {
    routes: RUN_LISTS,
    refused: [
      ...RUN_FIELDS,
      'flow_runs.deployment_id.is_null_',
      'flow_runs.tags.any_',
      'flow_runs.tags.is_null_',
      'flows.deployment',
      'flows.id',
      'flows.name.like_',
      'flows.tags',
      'deployments',
      'task_runs',
      'work_pools',
      'work_pool_queues',
    ],
    what: 'Runs are filtered by id, name, tags, deployment, state and the name of their flow.',
    reason: REFUSED,
  },
  {
    routes: ['POST /flows/filter'],
    refused: ['deployments', 'flow_runs', 'task_runs', 'work_pools', 'flows.deployment', 'flows.id.not_any_', 'flows.tags'],
    what: 'Flows are filtered by id and name.',
    reason: REFUSED,
  },
  {
    routes: ['POST /deployments/filter'],
    refused: [
      'deployments.concurrency_limit',
      'deployments.flow_or_deployment_name',
      'deployments.id.not_any_',
      'deployments.paused',
      'deployments.tags',
      'deployments.work_queue_name',
      'flow_runs',
      'flows.deployment',
      'flows.id',
      'flows.name.like_',
      'flows.tags',
      'task_runs',
      'work_pools',
      'work_pool_queues',
    ],
    what: 'Deployments are filtered by id, name and the name of their flow.',
    reason: REFUSED,
  },
  {
    routes: ['POST /task_runs/filter'],
    refused: [
      ...RUN_FIELDS,
      ...['deployment_id', 'name', 'state', 'tags'].map((field) => `flow_runs.${field}`),
      ...['end_time', 'expected_start_time', 'flow_run_id.is_null_', 'name', 'start_time', 'state', 'subflow_runs', 'tags'].map(
        (field) => `task_runs.${field}`,
      ),
      'deployments',
      'flows',
    ],
    what: 'Task runs are filtered by id and flow run.',
    reason: REFUSED,
  },
  {
    routes: ['POST /logs/filter'],
    refused: ['logs.task_run_id.is_null_', 'logs.text', 'logs.timestamp'],
    what: 'Log lines are filtered by run, task run and level.',
    reason: REFUSED,
  },
  {
    routes: ['POST /automations/filter'],
    refused: ['automations.created', 'automations.tags'],
    what: 'Automations are filtered by id and name.',
    reason: REFUSED,
  },
  {
    routes: [
      ...RUN_LISTS,
      'POST /flows/filter',
      'POST /deployments/filter',
      'POST /task_runs/filter',
      'POST /logs/filter',
      'POST /automations/filter',
    ],
    refused: [],
    what: '`operator: or_` is refused with 501. `sort` is served whole for runs and logs, and otherwise in the default order alone.',
    reason: 'The same: an order or a condition that is passed over gives wrong answers.',
  },
  {
    routes: [...RUN_LISTS, 'POST /automations/filter'],
    refused: [],
    what: 'Additions: `flow_runs.id.suffix_`, `automations.name.like_`.',
    reason: 'People name a run by the end of its id, and look for automations by a part of their name.',
  },

  // Events
  {
    routes: ['POST /events'],
    refused: [],
    what: 'One event may come without a list around it.',
    reason: 'Most senders have one event at a time.',
  },
  {
    routes: ['POST /events'],
    refused: [],
    what: 'An unknown field that is a near miss of a known one (`payloud`) is a fault with a suggestion; others pass with a warning in the log.',
    reason: 'A misspelt field would lose its value without a word.',
  },
  {
    routes: ['POST /events'],
    refused: [],
    what: '204 leaves when the events are on disk; more than 10 000 waiting ones are refused with 429.',
    reason: 'What was acknowledged is never lost. Prefect answers from memory.',
  },

  {
    routes: ['POST /events/filter', 'POST /events/count-by/{countable}'],
    refused: ['filter.resource.distinct'],
    what: "The rest of the filter is served, for lists as for live events; `/events/out` takes `related` into account, which Prefect's passes over.",
    reason: 'What is listed and what comes later are judged by the same function.',
  },

  // Deployments and runs
  {
    routes: ['POST /deployments/', 'PATCH /deployments/{id}'],
    refused: [
      'concurrency_limit',
      'concurrency_options',
      'global_concurrency_limit_id',
      'infrastructure_document_id',
      'job_variables',
      'storage_document_id',
      'work_pool_name',
      'work_queue_name',
    ],
    what: '`path`, `pull_steps` and `version_info` are kept, and nothing here acts on them.',
    reason:
      "Work pools, blocks and limits are not here yet, and a limit that is stored and never holds would be worse than none. Prefect's runners read what is kept.",
  },
  {
    routes: [
      'POST /deployments/',
      'PATCH /deployments/{id}',
      'POST /deployments/{id}/schedules',
      'PATCH /deployments/{id}/schedules/{schedule_id}',
    ],
    refused: [],
    what: 'Schedules are stored and listed; an active one is refused with 501.',
    reason: 'Schedules are not run here yet, and one that never runs would be worse than none.',
  },
  {
    routes: ['POST /deployments/get_scheduled_flow_runs'],
    refused: [],
    what: 'Held open until a run is due, with a blank every 15 seconds. A run is told to one runner at a time, and to another after 2 seconds without a claim.',
    reason:
      'A runner that asks is told of a run within milliseconds, and an idle one costs nothing. Prefect answers at once, mostly with nothing.',
  },
  {
    routes: ['POST /deployments/{id}/pause_deployment', 'POST /deployments/{id}/resume_deployment'],
    refused: [],
    what: 'While a deployment is paused all of its runs wait; Prefect stops its schedules alone.',
    reason: 'Runs are started by events here, and pausing has to hold those back.',
  },
  {
    routes: ['POST /deployments/{id}/create_flow_run'],
    refused: ['infrastructure_document_id', 'job_variables', 'work_queue_name'],
    what: 'A deployment that executors of ours serve keeps its own retries where the policy names none.',
    reason: 'The refused fields belong to work pools and blocks, which are not here yet.',
  },
  {
    routes: ['GET /flow_runs/{id}', 'POST /flow_runs/filter'],
    refused: [],
    what: 'Additions: `epoch`, `attempt`, `cause_event_id`, `chain_depth`, `first_line_ms`, `first_output_ms`. `estimated_run_time` counts finished attempts alone; fields of work pools, schedules and parent runs are null.',
    reason: 'They say who holds the run, which event started it, and how long its start took.',
  },
  {
    routes: ['GET /deployments/{id}', 'POST /deployments/filter'],
    refused: [],
    what: "Addition: `flow_name`. `status` is READY while an executor that serves it is connected or one of Prefect's runners asks for its runs, and for a minute after; `last_polled` is null in lists.",
    reason: 'Executors and runners are known to the live server, not to the thread that answers lists.',
  },
  {
    routes: ['GET /automations/{id}', 'POST /automations/filter'],
    refused: [],
    what: 'Addition: `owner_resource`. Triggers are event triggers with the posture Reactive; actions are run-deployment and do-nothing. Others are refused.',
    reason: 'An automation that is stored and never acts would be worse than none.',
  },

  // The server
  {
    routes: ['GET /admin/version'],
    refused: [],
    what: "Answers Prefect's version with ours behind a plus: `3.8.8+pilotflame.0.1.0`.",
    reason: "Prefect's client compares the major number with its own, and refuses to talk to another.",
  },
  {
    routes: ['GET /csrf-token'],
    refused: [],
    what: 'Always 422, as Prefect with CSRF protection off.',
    reason: 'Requests are held to Host, Origin and content type instead, which needs no tokens.',
  },
]
