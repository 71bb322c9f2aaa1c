/** How a run that was told to stop came to its end, in words: `aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later`. */
import type { StopStage } from '../channel/frames.ts'
import type { Ms } from '../time.ts'

/** `3 ms`, `5.0 s`. */
const length = (ms: Ms): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)

export function describeStages(stages: readonly StopStage[]): string {
  return stages
    .map(({ stage, after_ms }, index) => {
      if (stage === 'abort') return 'aborted'
      if (stage !== 'gone') return `${stage} after ${length(after_ms)}`
      return `gone ${length(after_ms - (stages[index - 1]?.after_ms ?? 0))} later`
    })
    .join('; ')
}
