/** Where the API differs from Prefect's, each with its reason. `contract.test.ts` holds this list against the schemas. */
import type { RouteKey } from './contract.ts'

export interface Difference {
  readonly routes: readonly RouteKey[]
  /** Paths of fields in the request's body that are refused with 501 when they ask for something; empty: it is about the route. */
  readonly refused: readonly string[]
  readonly what: string
  readonly reason: string
}

const RUN_LISTS = [
  'POST /flow_runs/filter',
  'POST /flow_runs/count',
  'POST /flow_runs/paginate',
  'POST /flow_runs/lateness',
] as const
const DEPLOYMENT_LISTS = ['POST /deployments/filter', 'POST /deployments/count', 'POST /deployments/paginate'] as const
const FLOW_LISTS = ['POST /flows/filter', 'POST /flows/count', 'POST /flows/paginate'] as const

const NO_POOLS = {
  what: 'Work pools and their queues narrow nothing.',
  reason: 'They are not here yet. Refused with 501, because a filter that is passed over gives wrong answers.',
} as const

export const DIFFERENCES: readonly Difference[] = [
  // Filters
  { routes: [...RUN_LISTS, ...DEPLOYMENT_LISTS], refused: ['work_pools', 'work_pool_queues'], ...NO_POOLS },
  { routes: ['POST /flow_runs/history'], refused: ['work_pools', 'work_queues'], ...NO_POOLS },
  { routes: FLOW_LISTS, refused: ['work_pools'], ...NO_POOLS },
  {
    routes: [...RUN_LISTS, 'POST /flow_runs/history'],
    refused: [],
    what: '`state` with both `any_` and `not_any_` asks for both; Prefect passes over the two together. In the order of `next_scheduled_start_time`, runs without one come last.',
    reason: 'A filter that is passed over gives wrong answers. Prefect on SQLite begins with runs that wait for nothing.',
  },
  {
    routes: ['POST /flow_runs/lateness'],
    refused: [],
    what: 'Microseconds count.',
    reason: 'Prefect on SQLite cuts both moments to whole seconds first.',
  },
  {
    routes: [...RUN_LISTS, 'POST /automations/filter', 'POST /automations/count'],
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
    what: 'Held open until a run is due, with a blank every 15 seconds; the first poll for 20 seconds at most, which is what `Runner.start(run_once=True)` waits. A run is told to one runner at a time, and to another after 2 seconds without a claim. Once told, a runner comes back after its own pause (10 seconds; `PREFECT_RUNNER_POLL_FREQUENCY`). A runner whose web server is on calls itself unhealthy while nothing comes: raise its `PREFECT_RUNNER_SERVER_MISSED_POLLS_TOLERANCE`.',
    reason:
      'A runner that asks is told of a run within milliseconds, and an idle one costs nothing. Prefect answers at once, mostly with nothing.',
  },
  {
    routes: ['POST /deployments/{id}/pause_deployment', 'POST /deployments/{id}/resume_deployment'],
    refused: [],
    what: 'While a deployment is paused its runs wait, where executors of ours take them. Prefect stops its schedules alone, and its runners are told of its runs here too.',
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
    what: 'Additions: `epoch`, `attempt`, `cause_event_id`, `chain_depth`, `first_line_ms`, `first_output_ms`. Fields of work pools and schedules are null.',
    reason: 'They say who holds the run, which event started it, and how long its start took.',
  },
  {
    routes: ['GET /deployments/{id}', 'POST /deployments/filter'],
    refused: [],
    what: "Addition: `flow_name`. `status` is READY while an executor that serves it is connected or one of Prefect's runners asks for its runs, and for a minute after; in lists `last_polled` is told for that long.",
    reason: 'Executors and runners are known to the live server, and not stored.',
  },
  {
    routes: ['GET /automations/{id}', 'POST /automations/filter'],
    refused: [],
    what: 'Addition: `owner_resource`. Triggers are event triggers with the posture Reactive; actions are run-deployment and do-nothing. Others are refused, and so are filters and statements of Jinja that are not here. `actions_on_trigger` see the event that came in, and not the one that Prefect makes, which says that the automation fired. With `within: 0` and a threshold above 1 a count is kept until it is reached; Prefect forgets it after a minute.',
    reason: 'An automation that is stored and never acts would be worse than none.',
  },

  // What Prefect's clients write of runs
  {
    routes: ['POST /flow_runs/'],
    refused: ['work_pool_name', 'work_queue_name'],
    what: 'A run is started by whoever creates it, or by an executor of its deployment.',
    reason: 'Work pools are not here yet. A run that waited for one would wait for ever.',
  },
  {
    routes: ['POST /flow_runs/{id}/set_state'],
    refused: [],
    what: 'What has ended takes no other end without `force`: COMPLETED, FAILED and CANCELLED are rejected then, and the state stays. A run that an executor of ours has had is only scheduled again.',
    reason:
      'Two that report an end in a race (a cancelled run whose function returns) leave the first one. Prefect takes the last.',
  },
  {
    routes: ['POST /flow_runs/{id}/set_state'],
    refused: [],
    what: 'A run that an executor of ours holds cannot be paused, and is Cancelled when its work is gone. Limits of deployments are not looked at.',
    reason: 'Its lease says who works on it. Pausing in our SDK and limits are not here yet.',
  },
  {
    routes: ['POST /task_runs/{id}/set_state'],
    refused: [],
    what: 'Results are not looked up by `cache_key`, and limits by tag are not looked at.',
    reason: "Prefect's client keeps both itself: it asks for no state of a task run.",
  },
  {
    routes: ['POST /events'],
    refused: [],
    what: 'A task run of a run that an executor of ours has had is not written down from an event: the event alone is kept. States of task runs that the server itself writes (those of subflows) make events too.',
    reason: 'An executor reports over its channel, under its lease. Every state is an event here.',
  },
  {
    routes: [
      'POST /v2/concurrency_limits/increment',
      'POST /v2/concurrency_limits/increment-with-lease',
      'POST /v2/concurrency_limits/decrement',
      'POST /v2/concurrency_limits/decrement-with-lease',
      'POST /v2/concurrency_limits/leases/{lease_id}/renew',
    ],
    refused: [],
    what: 'Answered as where no limit of the name exists: nothing is limited.',
    reason: "Limits cannot be made yet. Prefect's client asks before each task that has a tag.",
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
