/** One round: events come in while the server and the executors are killed and stopped, and all of it has to end well. */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkRound } from './check.ts'
import type { SeededRandom } from './random.ts'
import { readEffects } from './read-facts.ts'
import { type ChaosEvent, cancelUntilAnswered, sendUntilAcknowledged } from './sender.ts'
import type { Stage } from './stage.ts'
import type { Victim } from './victim.ts'
import { watch } from './viewer.ts'

/** Events and kills come within this time. */
const ROUND_MS = 1_500
/** After the last of them everything has to end within this time. */
const END_MS_MAX = 30_000
/** Viewers who have not seen the end so long after it never will. */
const VIEWER_MS_MAX = 10_000
/** So many of the blows. */
const CHILDREN_PART = 0.6

/** So many of the events. */
const CANCELLED_PART = 0.2

interface Blow {
  readonly atMs: number
  readonly victim: Victim
  /** 0: `kill -9`. */
  readonly stopMs: number
  /** From 0 to 1: whether a process of a host is meant, and which. */
  readonly child: number
}

export interface RoundResult {
  readonly wrong: readonly string[]
  readonly sent: number
  readonly runs: number
  readonly attempts: number
  readonly kills: number
  readonly stops: number
  /** Runs that were cancelled. */
  readonly cancelled: number
  readonly blows: readonly string[]
}

function planBlows(random: SeededRandom, victims: readonly [Victim, ...Victim[]], stopMsMax: number): Blow[] {
  const blows = Array.from({ length: random.between(3, 5) }, (): Blow => {
    const stopMs = random.next() < 0.3 ? random.between(50, stopMsMax) : 0
    return { atMs: random.between(0, ROUND_MS), victim: random.pick(victims), stopMs, child: random.next() }
  })
  return blows.toSorted((a, b) => a.atMs - b.atMs)
}

interface PlannedEvent extends ChaosEvent {
  readonly atMs: number
  /** After so many words its second viewer hangs up. */
  readonly hangUpAfter: number
  /** So long after its run is known somebody cancels it; null when nobody does. */
  readonly cancelAfterMs: number | null
}

/** Only a host can end an endless loop: in an executor's own process it would hold all runs. */
function pickEvent(random: SeededRandom, isolated: boolean): string {
  const drawn = random.next()
  if (isolated && drawn < 0.1) return 'chaos.endless'
  return drawn < 0.7 ? 'chaos.durable' : 'chaos.fragile'
}

function planEvents(random: SeededRandom, count: number, isolated: boolean): PlannedEvent[] {
  return Array.from({ length: count }, () => ({
    id: crypto.randomUUID(),
    event: pickEvent(random, isolated),
    payload: { tasks: random.between(1, 5), taskMs: random.between(5, 150) },
    atMs: random.between(0, ROUND_MS),
    hangUpAfter: random.between(1, 3),
    cancelAfterMs: random.next() < CANCELLED_PART ? random.between(0, 300) : null,
  }))
}

/** The one that was drawn, or the next one that is at work. */
function hit({ victim }: Blow, victims: readonly Victim[]): Victim {
  const from = victims.indexOf(victim)
  const inTurn = [...victims.slice(from), ...victims.slice(0, from)]
  return inTurn.find(({ atWork }) => atWork) ?? victim
}

/** Where hosts keep processes, most blows meet one of those. */
function childFor({ child }: Blow, stage: Stage): number | undefined {
  const children = child < CHILDREN_PART ? stage.children() : []
  return children[Math.floor((child / CHILDREN_PART) * children.length)]
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/** Says what was done to whom. */
async function strike(blows: readonly Blow[], stage: Stage): Promise<string[]> {
  const start = performance.now()
  const resumed: Promise<void>[] = []
  const done: string[] = []
  for (const blow of blows) {
    const { atMs, stopMs } = blow
    await sleep(Math.max(0, start + atMs - performance.now()))
    const child = childFor(blow, stage)
    if (child !== undefined) {
      done.push(`${stopMs === 0 ? 'kill' : `stop ${stopMs} ms`} a process of a host`)
      signal(child, stopMs === 0 ? 'SIGKILL' : 'SIGSTOP')
      if (stopMs > 0) resumed.push(sleep(stopMs).then(() => signal(child, 'SIGCONT')))
      continue
    }
    const victim = hit(blow, stage.victims)
    done.push(`${stopMs === 0 ? 'kill' : `stop ${stopMs} ms`} ${victim.name}`)
    if (stopMs === 0) await victim.killAndRestart()
    else {
      victim.stop()
      resumed.push(sleep(stopMs).then(() => victim.resume()))
    }
  }
  await Promise.all(resumed)
  return done
}

/** Settles when no run is unfinished, or says which are. */
async function untilEnded(stage: Stage): Promise<string[]> {
  const deadline = performance.now() + END_MS_MAX
  for (;;) {
    const unfinished = await stage.unfinished()
    if (unfinished?.length === 0) return []
    if (performance.now() > deadline) {
      return [
        unfinished === undefined
          ? 'the server does not answer'
          : `${END_MS_MAX / 1000} s later there is still ${unfinished.join(', ')}`,
      ]
    }
    await sleep(50)
  }
}

/** The run that an event has started, as soon as the server says so. */
async function runOf(stage: Stage, event: string, signal: AbortSignal): Promise<string | undefined> {
  while (!signal.aborted) {
    const run = await stage.runOf(event)
    if (run !== undefined) return run
    await sleep(30)
  }
  return undefined
}

interface Watching {
  /** Run → what its viewers were told; complete when all of them have seen the end. */
  readonly told: Map<string, string[]>
  readonly signal: AbortSignal
}

/** Two viewers from the beginning: one stays as long as it can, the other hangs up again and again. */
async function watchEvent(stage: Stage, event: string, hangUpAfter: number, { told, signal }: Watching): Promise<void> {
  const runId = await runOf(stage, event, signal)
  if (runId === undefined) return
  const viewer = { apiUrl: stage.apiUrl, runId, signal }
  told.set(runId, await Promise.all([watch(viewer), watch({ ...viewer, hangUpAfter })]))
}

/** A run that was told to stop may have ended before. */
async function cancelRun(stage: Stage, { id, cancelAfterMs }: PlannedEvent, signal: AbortSignal): Promise<void> {
  if (cancelAfterMs === null) return
  const runId = await runOf(stage, id, signal)
  if (runId === undefined) return
  await sleep(cancelAfterMs)
  await cancelUntilAnswered(stage.apiUrl, runId)
}

/** And one who comes when all is over. */
async function watchAfterwards(stage: Stage, { told, signal }: Watching): Promise<void> {
  await Promise.all([...told].map(async ([runId, seen]) => seen.push(await watch({ apiUrl: stage.apiUrl, runId, signal }))))
}

export interface RoundOptions {
  readonly eventsMax: number
  /** The longest that a process is stopped. */
  readonly stopMsMax: number
}

export async function playRound(
  stage: Stage,
  random: SeededRandom,
  { eventsMax, stopMsMax }: RoundOptions,
): Promise<RoundResult> {
  const blows = planBlows(random, stage.victims, stopMsMax)
  const events = planEvents(random, eventsMax, stage.isolation !== 'none')
  const start = performance.now()
  const given = new AbortController()
  const watching: Watching = { told: new Map(), signal: given.signal }
  const viewers: Promise<void>[] = []
  const cancels: Promise<void>[] = []
  const sending = events.map(async (event) => {
    await sleep(Math.max(0, start + event.atMs - performance.now()))
    const sent = await sendUntilAcknowledged(stage.apiUrl, event)
    viewers.push(watchEvent(stage, event.id, event.hangUpAfter, watching))
    cancels.push(cancelRun(stage, event, given.signal))
    return sent
  })
  const [times, done] = await Promise.all([Promise.all(sending), strike(blows, stage)])
  const late = await untilEnded(stage)
  const impatient = setTimeout(() => given.abort(), VIEWER_MS_MAX)
  await Promise.all([...viewers, ...cancels])
  await watchAfterwards(stage, watching)
  clearTimeout(impatient)
  const ids = events.map(({ id }) => id)
  const byId = new Map(events.map((event) => [event.id, event]))
  const runs = stage.database.runs(ids, watching.told)
  const wrong = checkRound({
    acknowledged: ids,
    verdicts: stage.database.verdicts(ids),
    runs,
    effects: readEffects(stage.effectsFile),
    mustComplete: (run) => {
      const event = byId.get(run.event)
      return event?.event === 'chaos.durable' && event.cancelAfterMs === null
    },
    isEndless: (run) => byId.get(run.event)?.event === 'chaos.endless',
  })
  return {
    wrong: [...late, ...wrong],
    sent: times.reduce((sum, n) => sum + n, 0),
    runs: runs.size,
    attempts: [...runs.values()].reduce(
      (sum, { states }) => sum + states.filter((state) => state.startsWith('RUNNING/')).length,
      0,
    ),
    kills: done.filter((one) => one.startsWith('kill')).length,
    stops: done.filter((one) => one.startsWith('stop')).length,
    cancelled: [...runs.values()].filter(({ cancelledAtMs }) => cancelledAtMs !== null).length,
    blows: done,
  }
}
