/** One round: events come in while the server and the executors are killed and stopped, and all of it has to end well. */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkRound } from './check.ts'
import type { SeededRandom } from './random.ts'
import { readEffects } from './read-facts.ts'
import { type ChaosEvent, sendUntilAcknowledged } from './sender.ts'
import type { Stage } from './stage.ts'
import type { Victim } from './victim.ts'

/** Events and kills come within this time. */
const ROUND_MS = 1_500
/** After the last of them everything has to end within this time. */
const END_MS_MAX = 30_000
/** Shorter than the 6 s after which a silent executor counts as gone. */
const STOP_MS_MAX = 900

interface Blow {
  readonly atMs: number
  readonly victim: Victim
  /** 0: `kill -9`. */
  readonly stopMs: number
}

export interface RoundResult {
  readonly wrong: readonly string[]
  readonly sent: number
  readonly runs: number
  readonly attempts: number
  readonly blows: string
}

function planBlows(random: SeededRandom, victims: readonly [Victim, ...Victim[]]): Blow[] {
  const blows = Array.from({ length: random.between(3, 5) }, (): Blow => {
    const stopMs = random.next() < 0.3 ? random.between(50, STOP_MS_MAX) : 0
    return { atMs: random.between(0, ROUND_MS), victim: random.pick(victims), stopMs }
  })
  return blows.toSorted((a, b) => a.atMs - b.atMs)
}

function planEvents(random: SeededRandom, count: number): (ChaosEvent & { readonly atMs: number })[] {
  return Array.from({ length: count }, () => ({
    id: crypto.randomUUID(),
    event: random.next() < 0.7 ? 'chaos.durable' : 'chaos.fragile',
    payload: { tasks: random.between(1, 5), taskMs: random.between(5, 150) },
    atMs: random.between(0, ROUND_MS),
  }))
}

async function strike(blows: readonly Blow[]): Promise<void> {
  const start = performance.now()
  const resumed: Promise<void>[] = []
  for (const { atMs, victim, stopMs } of blows) {
    await sleep(Math.max(0, start + atMs - performance.now()))
    if (stopMs === 0) await victim.killAndRestart()
    else {
      victim.stop()
      resumed.push(sleep(stopMs).then(() => victim.resume()))
    }
  }
  await Promise.all(resumed)
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

export async function playRound(stage: Stage, random: SeededRandom, eventsMax: number): Promise<RoundResult> {
  const blows = planBlows(random, stage.victims)
  const events = planEvents(random, eventsMax)
  const start = performance.now()
  const sending = events.map(async (event) => {
    await sleep(Math.max(0, start + event.atMs - performance.now()))
    return sendUntilAcknowledged(stage.apiUrl, event)
  })
  const [times] = await Promise.all([Promise.all(sending), strike(blows)])
  const late = await untilEnded(stage)
  const ids = events.map(({ id }) => id)
  const byId = new Map(events.map((event) => [event.id, event.event]))
  const runs = stage.database.runs(ids)
  const wrong = checkRound({
    acknowledged: ids,
    verdicts: stage.database.verdicts(ids),
    runs,
    effects: readEffects(stage.effectsFile),
    mustComplete: (run) => byId.get(run.event) === 'chaos.durable',
  })
  return {
    wrong: [...late, ...wrong],
    sent: times.reduce((sum, n) => sum + n, 0),
    runs: runs.size,
    attempts: [...runs.values()].reduce(
      (sum, { states }) => sum + states.filter((state) => state.startsWith('RUNNING/')).length,
      0,
    ),
    blows: blows.map(({ victim, stopMs }) => `${stopMs === 0 ? 'kill' : `stop ${stopMs} ms`} ${victim.name}`).join(', '),
  }
}
