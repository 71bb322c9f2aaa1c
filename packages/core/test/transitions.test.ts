/** Our rules against what Prefect's own server decided: `prefect-transitions.json`, written by `scripts/record-transitions.ts`. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { applyState } from '../src/apply-state.ts'
import { applyTaskState } from '../src/apply-task-state.ts'
import { type Decision, decide, flowRunPolicy, forcedPolicy } from '../src/rules/policy.ts'
import { deferredTaskPolicy, forcedTaskPolicy, taskRunPolicy } from '../src/rules/task-rules.ts'
import type { FlowRun } from '../src/run.ts'
import { retriesOf } from '../src/run-policy.ts'
import { enterState, isTerminal, type State, type StateProposal } from '../src/states.ts'
import type { TaskRun } from '../src/task-run.ts'
import { MICROS_PER_SECOND, toIso } from '../src/time.ts'
import { aRun, NOW } from './a-run.ts'
import type { RecordedCase, Step } from './transition-cases.ts'

const path = new URL('./prefect-transitions.json', import.meta.url)
const recorded = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly flow_runs: readonly RecordedCase[]
  readonly task_runs: readonly RecordedCase[]
}

/** Where ours is another decision on purpose. */
interface Difference {
  readonly why: string
  readonly applies: (one: RecordedCase, previous: string) => boolean
  readonly ours: string
}

const last = ({ steps }: RecordedCase): Step => steps.at(-1) ?? { type: 'PENDING' }

const FLOW_RUNS: readonly Difference[] = [
  {
    why: 'I3: what has ended stays so. Who wants another end for it has to force it.',
    applies: (one, previous) =>
      last(one).force !== true &&
      ['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'].includes(previous) &&
      ['COMPLETED', 'FAILED', 'CANCELLED'].includes(last(one).type),
    ours: 'REJECT',
  },
]

let made = 0
const proposalOf = ({ type, name, data, details = {}, scheduledIn, timeoutIn }: Step): StateProposal => {
  made += 1
  return {
    id: `state-${made}`,
    type,
    ...(name === undefined ? {} : { name }),
    ...(data === undefined ? {} : { data }),
    details: { ...details, ...(timeoutIn === undefined ? {} : { pause_timeout: toIso(NOW + timeoutIn * MICROS_PER_SECOND) }) },
    ...(scheduledIn === undefined ? {} : { scheduledAt: NOW + scheduledIn * MICROS_PER_SECOND }),
  }
}

const words = ({ type, name }: State): string => `${type} ${name}`
const stateAfter = (decision: Decision): State | null => ('state' in decision ? decision.state : null)

function replayFlowRun(one: RecordedCase): { says: string; decision: Decision; run: FlowRun; previous: State } {
  const first = enterState(proposalOf(one.first), NOW, null)
  let run: FlowRun = {
    ...aRun({ type: 'PENDING' }),
    deploymentId: one.deployment ? 'deployment' : null,
    parentTaskRunId: one.subflow ? 'task-run' : null,
    state: first,
    ...retriesOf(one.policy ?? {}),
    kept: { empirical_policy: one.policy ?? {}, ...(one.pid ? { infrastructure_pid: 'pid' } : {}) },
  }
  run = applyState(run, first, { forced: true })
  let decision: Decision = { status: 'ACCEPT', state: first }
  let previous = first
  for (const step of one.steps) {
    previous = run.state
    decision = decide(step.force ? forcedPolicy : flowRunPolicy, { run, proposed: proposalOf(step), now: NOW, byExecutor: false })
    const state = stateAfter(decision)
    if (state) run = applyState(run, state, { forced: step.force === true })
  }
  return { says: `${decision.status} ${words(run.state)}`, decision, run, previous }
}

const nameOf = (one: RecordedCase): string => {
  const { says, ...facts } = one
  return JSON.stringify(facts)
}

describe('flow runs', () => {
  test.each(recorded.flow_runs.map((one) => [nameOf(one), one] as const))('%s', (_, one) => {
    const { says, decision, run, previous } = replayFlowRun(one)
    const prefect = `${one.says.status} ${one.says.becomes}`
    const difference = FLOW_RUNS.find(({ applies }) => applies(one, previous.type))
    if (says !== prefect && difference) expect(decision.status).toBe(difference.ours)
    else {
      const policy = run.kept?.empirical_policy ?? {}
      const ours = {
        says,
        run_count: run.runCount,
        pause_keys: Array.isArray(policy.pause_keys) ? policy.pause_keys.length : 0,
        retry_type: policy.retry_type ?? null,
      }
      const { run_count, pause_keys, resuming, retry_type } = one.says
      expect(ours).toEqual({ says: prefect, run_count, pause_keys, retry_type })
      // Theirs is also set by a resume that was refused, and stays on a run that has ended; nothing looks at it there.
      if (run.state.type !== 'PAUSED' && !isTerminal(run.state.type)) expect(policy.resuming === true).toBe(resuming)
    }
  })
})

function replayTaskRun(one: RecordedCase): { says: string; run: TaskRun } {
  const first = enterState(proposalOf(one.first), NOW, null)
  const flowState = one.flow ? enterState(proposalOf(one.flow), NOW, null) : null
  const flowRun = flowState && { state: flowState, runCount: flowState.type === 'RUNNING' ? 1 : 0 }
  const blank: TaskRun = {
    id: 'task-run',
    flowRunId: flowRun ? 'flow-run' : null,
    taskKey: 't',
    dynamicKey: '0',
    name: 't',
    tags: [],
    state: first,
    runCount: 0,
    expectedStartAt: null,
    startAt: null,
    endAt: null,
    kept: { empirical_policy: one.policy ?? {} },
    createdAt: NOW,
    updatedAt: NOW,
  }
  const attempt = flowRun?.runCount
  let run = applyTaskState(blank, first, { forced: true })
  let says = ''
  for (const step of one.steps) {
    const policy = step.details?.deferred ? deferredTaskPolicy : step.force ? forcedTaskPolicy : taskRunPolicy
    const decision = decide(policy, { run, proposed: proposalOf(step), now: NOW, flowRun })
    const state = stateAfter(decision)
    if (state) run = applyTaskState(run, state, { attempt, forced: policy === forcedTaskPolicy })
    says = `${decision.status} ${words(run.state)}`
  }
  return { says, run }
}

describe('task runs', () => {
  test.each(recorded.task_runs.map((one) => [nameOf(one), one] as const))('%s', (_, one) => {
    const { says, run } = replayTaskRun(one)
    expect({ says, run_count: run.runCount }).toEqual({
      says: `${one.says.status} ${one.says.becomes}`,
      run_count: one.says.run_count,
    })
  })
})
