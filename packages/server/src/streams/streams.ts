/**
 * Viewers of runs' streams. A viewer first gets what is stored, page by page and only as fast as it reads, and then
 * what comes. Chunks are published after their flush (I5); one formatted chunk serves all viewers of a run.
 *
 * No viewer is waited for: one that falls behind in the live part goes back to reading pages from the store, so
 * nothing is kept in memory for it. Whoever writes to its socket cuts it off when too much is unsent.
 */
import type { Chunk, FlowRun } from '@pilotflame/core'
import type { StreamSink, Streams } from '../app.ts'
import { runNotFound } from '../engine/engine.ts'
import { entryOf } from '../entry-of.ts'
import { isFull } from '../store/chunk-page.ts'
import type { Store } from '../store/store.ts'
import { attemptEndOf, type StateSeen } from './attempt-end.ts'
import { ATTEMPT_OVER, isAfter, isWithinAttempt, type Position } from './position.ts'

/** Chunks read from the store at once. */
const PAGE_CHUNKS = 500

interface Viewer {
  readonly sink: StreamSink
  at: Position
  live: boolean
  stopped: boolean
  /** Something came while it was reading pages: look once more before going live. */
  behind: boolean
  ended: FlowRun | null
}

export interface StreamHub extends Streams {
  publish(runId: string, chunks: readonly Chunk[]): void
  ended(run: FlowRun): void
  /** The attempt has ended, and the run has not. */
  interrupted(run: FlowRun): void
  deleted(runId: string): void
}

export function createStreams(store: Store): StreamHub {
  const viewers = new Map<string, Set<Viewer>>()

  const remove = (runId: string, viewer: Viewer): void => {
    viewer.stopped = true
    const all = viewers.get(runId)
    all?.delete(viewer)
    if (all?.size === 0) viewers.delete(runId)
  }

  /** Text of two attempts is never glued together: between them stands how the first one ended. */
  const endAttempt = async (runId: string, viewer: Viewer): Promise<void> => {
    if (!isWithinAttempt(viewer.at)) return
    const { attempt } = viewer.at
    const end = attemptEndOf(JSON.parse(await store.read.flowRunStates(runId)) as StateSeen[], attempt)
    if (end === undefined || viewer.stopped) return
    viewer.at = { attempt, n: ATTEMPT_OVER }
    if (!viewer.sink.attemptEnd(end)) await viewer.sink.drained()
  }

  const catchUp = async (runId: string, viewer: Viewer): Promise<void> => {
    viewer.live = false
    for (;;) {
      viewer.behind = false
      // The run first: an attempt that is over by then has no more chunks than the page shows.
      const run = await store.find.findRun(runId)
      const page = await store.read.chunks(runId, viewer.at, PAGE_CHUNKS)
      // Keeps I5: what was read may be committed and not flushed yet.
      if (page.length > 0 || run?.endAt !== null) await store.transaction(async () => undefined)
      for (const chunk of page) {
        if (chunk.attempt !== viewer.at.attempt) await endAttempt(runId, viewer)
        if (viewer.stopped) return
        viewer.at = { attempt: chunk.attempt, n: chunk.n }
        if (!viewer.sink.chunk(chunk)) await viewer.sink.drained()
      }
      if (viewer.stopped) return
      if (isFull(page, PAGE_CHUNKS) || viewer.behind) continue
      if (run && mayBeOver(run, viewer.at)) await endAttempt(runId, viewer)
      if (viewer.stopped) return
      if (viewer.behind) continue
      if (viewer.ended) return finish(runId, viewer, viewer.ended)
      viewer.live = true
      return
    }
  }

  const finish = (runId: string, viewer: Viewer, run: FlowRun): void => {
    remove(runId, viewer)
    viewer.sink.end(run)
  }

  const fail = (runId: string, viewer: Viewer) => (): void => remove(runId, viewer)

  const lookAgain = (runId: string, viewer: Viewer): void => {
    catchUp(runId, viewer).catch(fail(runId, viewer))
  }

  const give = (runId: string, viewer: Viewer, chunks: readonly Chunk[]): void => {
    if (!viewer.live) {
      viewer.behind = true
      return
    }
    for (const chunk of chunks) {
      if (!isAfter(chunk, viewer.at)) continue
      if (chunk.attempt !== viewer.at.attempt && isWithinAttempt(viewer.at)) return lookAgain(runId, viewer)
      viewer.at = { attempt: chunk.attempt, n: chunk.n }
      if (viewer.sink.chunk(chunk)) continue
      viewer.live = false
      viewer.sink
        .drained()
        .then(() => catchUp(runId, viewer))
        .catch(fail(runId, viewer))
      return
    }
  }

  return {
    publish(runId, chunks) {
      for (const viewer of viewers.get(runId) ?? []) give(runId, viewer, chunks)
    },

    ended(run) {
      for (const viewer of viewers.get(run.id) ?? []) {
        viewer.ended = run
        if (viewer.live) finish(run.id, viewer, run)
        else viewer.behind = true
      }
    },

    interrupted(run) {
      for (const viewer of viewers.get(run.id) ?? []) {
        if (viewer.live) lookAgain(run.id, viewer)
        else viewer.behind = true
      }
    },

    deleted(runId) {
      for (const viewer of [...(viewers.get(runId) ?? [])]) {
        remove(runId, viewer)
        viewer.sink.gone()
      }
    },

    async follow(runId, after, sink) {
      const viewer: Viewer = { sink, at: after, live: false, stopped: false, behind: false, ended: null }
      entryOf(viewers, runId, () => new Set()).add(viewer)
      // Registered first and looked up then, so that an end in between is not missed.
      const run = await store.find.findRun(runId)
      if (!run) {
        remove(runId, viewer)
        throw runNotFound(runId)
      }
      if (run.endAt !== null) viewer.ended = run
      lookAgain(runId, viewer)
      return () => remove(runId, viewer)
    },
  }
}

/** False where a look at the states is spared: the attempt goes on, or was the last one and returned. */
function mayBeOver(run: FlowRun, at: Position): boolean {
  const { type } = run.state
  const its = run.runCount === at.attempt && (type === 'RUNNING' || type === 'CANCELLING' || type === 'COMPLETED')
  return isWithinAttempt(at) && !its
}
