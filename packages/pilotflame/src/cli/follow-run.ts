/** Shows a run until its end: its stream word by word, then its state and where its time went. */
import {
  type Client,
  type FlowRunWire,
  type StreamAttemptEnd,
  type StreamEnd,
  shortId,
  type TimelineWire,
} from '@pilotflame/core'
import type { Context } from './context.ts'
import type { Output } from './output.ts'
import { allPages, fullName } from './resolve-named.ts'
import { paintState, sayState, timelineLines } from './say.ts'
import { oneLine, printable } from './text-width.ts'

export interface FollowedRun {
  readonly run: FlowRunWire
  readonly end: StreamEnd
  readonly timeline: TimelineWire
  readonly text: string
}

type Executors = Pick<Context, 'client' | 'out'>

/** The names of the events that start a deployment's runs: of the automations that it has brought along. */
export async function eventsOf(client: Client, deploymentId: string): Promise<string[]> {
  const owner = `prefect.deployment.${deploymentId}`
  const owned = (await allPages((page) => client.automations.list(page))).filter((one) => one.owner_resource === owner)
  return [...new Set(owned.flatMap(({ trigger }) => trigger.expect))]
}

export interface Waiting {
  readonly summary: string
  readonly command: string | null
}

/** Why a run that is not started yet waits, and the command that starts it; `undefined` when it does not wait. */
export async function whyWaiting(client: Client, run: FlowRunWire): Promise<Waiting | undefined> {
  if (run.state_type !== 'SCHEDULED' || run.deployment_id === null) return undefined
  const why = await client.whyRun(run.id)
  return why.state_type !== 'SCHEDULED' || why.reason === 'starts_now' ? undefined : why
}

/** The command stays whole: it is there to be copied. */
export function showWaiting(out: Output, { summary, command }: Waiting): void {
  out.sentence(summary, out.colors.yellow)
  if (command !== null) out.line(out.colors.yellow(`  ${command}`))
}

async function announce({ client, out }: Executors, run: FlowRunWire): Promise<void> {
  const deployment = run.deployment_id === null ? undefined : await client.deployment(run.deployment_id)
  const name = deployment === undefined ? '' : `${fullName(deployment)} · `
  out.line(`${out.colors.cyan('▶')} ${out.colors.bold(`${name}${run.name}`)} ${out.colors.dim(shortId(run.id))}`)
  out.item({
    type: 'run',
    flow_run_id: run.id,
    name: run.name,
    deployment: deployment ? fullName(deployment) : null,
    state: run.state_name,
  })
  const waiting = await whyWaiting(client, run)
  if (waiting === undefined) return
  showWaiting(out, waiting)
  const message = waiting.command === null ? waiting.summary : `${waiting.summary} ${waiting.command}`
  out.item({ type: 'waiting', flow_run_id: run.id, message })
}

/** `the executor is gone` → what those who read along should know. */
function showAttemptEnd(out: Output, runId: string, end: StreamAttemptEnd): void {
  const reason = end.message === null ? '' : `: ${oneLine(end.message)}`
  out.endLine()
  out.line(out.colors.yellow(`✗ attempt ${end.attempt} was interrupted${reason}`))
  out.item({ type: 'attempt_end', flow_run_id: runId, ...end })
}

/** Every chunk as it comes; the terminal sees text without control characters. */
async function streamText({ client, out }: Executors, runId: string): Promise<{ end: StreamEnd; text: string }> {
  const chunks = client.stream(runId, { onAttemptEnd: (end) => showAttemptEnd(out, runId, end) })
  const texts: string[] = []
  let attempt = 0
  for (;;) {
    const next = await chunks.next()
    if (next.done) {
      out.endLine()
      return { end: next.value, text: texts.join('') }
    }
    if (attempt !== 0 && next.value.attempt !== attempt) {
      out.line(out.colors.yellow(`↻ attempt ${next.value.attempt}`))
      texts.length = 0
    }
    attempt = next.value.attempt
    texts.push(next.value.text)
    out.piece(out.isTerminal ? printable(next.value.text) : next.value.text)
    out.item({ type: 'chunk', flow_run_id: runId, ...next.value })
  }
}

/** The line of the end, and the line (or lines, where the terminal is narrow) of the timeline. */
export function showEnd(out: Output, end: StreamEnd, timeline: TimelineWire): void {
  const message = end.message === null || end.state_type === 'COMPLETED' ? '' : `: ${oneLine(end.message)}`
  out.line(paintState(end.state_type, `${sayState(end.state_type, end.state_name)}${message}`, out.colors))
  const attempt = timeline.attempts.at(-1)
  if (!attempt || attempt.marks.length === 0) return
  for (const line of timelineLines(attempt.marks, out.width)) out.line(out.colors.dim(line))
}

export async function followRun(context: Executors, runId: string): Promise<FollowedRun> {
  const { client, out } = context
  const run = await client.flowRun(runId)
  await announce(context, run)
  const { end, text } = await streamText(context, runId)
  const timeline = await client.timeline(runId)
  showEnd(out, end, timeline)
  const attempt = timeline.attempts.at(-1)
  out.item({
    type: 'end',
    flow_run_id: runId,
    ...end,
    first_line_ms: attempt?.first_line_ms ?? null,
    first_output_ms: attempt?.first_output_ms ?? null,
    total_ms: attempt?.total_ms ?? null,
    timeline: timelineObject(timeline),
  })
  return { run, end, timeline, text }
}

/** Each mark of the last attempt with its milliseconds from `received`. */
export const timelineObject = (timeline: TimelineWire): Record<string, number> =>
  Object.fromEntries((timeline.attempts.at(-1)?.marks ?? []).map(({ mark, at_ms }) => [mark, at_ms]))

/** A state that a stream's end, or a run, stands for a success in. */
export const succeeded = (end: Pick<StreamEnd, 'state_type'>): boolean => end.state_type === 'COMPLETED'
