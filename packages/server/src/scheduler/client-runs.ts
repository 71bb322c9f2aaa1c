/** Background jobs for runs of Prefect's clients, which no executor of ours looks after. */
import type { EngineCore } from '../engine/engine-core.ts'
import { type RunningLoop, runLoop } from '../loop.ts'
import { cancelledChildren } from './cancelled-children.ts'
import { expiredPauses } from './expired-pauses.ts'

/** Returns a way to stop them. */
export function startClientRunJobs(core: EngineCore, report: (message: string) => void): () => void {
  const pauses = runLoop(core.clock, expiredPauses(core), report)
  core.pauses.onPaused = pauses.wake
  let running: RunningLoop | undefined
  const children = cancelledChildren(core, () => running?.wake())
  core.onEnd.push((run) => children.ended(run))
  running = runLoop(core.clock, children, report)
  return () => {
    pauses.stop()
    running?.stop()
  }
}
