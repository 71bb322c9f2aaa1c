/** How people are told that a run's work was stopped: step by step, with how long each took. */
import type { StopStage } from '../channel/frames.ts'
import { MICROS_PER_MS, type Micros, type Ms } from '../time.ts'

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** 12 → `12 ms`, 5004 → `5.0 s`, 125000 → `2 min 5 s`, 90000000 → `1 d 1 h`. */
export function sayDuration(ms: Ms): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1_000) return `${whole} ms`
  if (whole < 60_000) return `${(whole / 1_000).toFixed(1)} s`
  const seconds = Math.round(whole / 1_000)
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  let rest = seconds
  const said = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count === 0 ? '' : `${count} ${unit}`
  })
  return said.filter(Boolean).join(' ')
}

/** `aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later`. */
export function stagesMessage(stages: readonly StopStage[]): string {
  let before = 0
  const said = stages.map(({ stage, after_ms: after }) => {
    const since = after - before
    before = after
    if (stage === 'abort') return 'aborted'
    return stage === 'gone' ? `gone ${sayDuration(since)} later` : `${stage} after ${sayDuration(after)}`
  })
  return said.join('; ')
}

/** Where nothing but the abort signal was needed: `aborted; the function ended 12 ms later`. */
export const endedMessage = (took: Micros): string => `aborted; the function ended ${sayDuration(took / MICROS_PER_MS)} later`

/** Where its executor went away before it said so. */
export const goneMessage = (took: Micros, reason: string): string =>
  `aborted; gone ${sayDuration(took / MICROS_PER_MS)} later: ${reason}`
