/** What the server holds in memory, when nothing is under way: the very leases and waiting runs that are written (I6). */
import type { EngineCore } from '../../packages/server/src/engine/engine-core.ts'
import type { World } from './world.ts'

export function checkMemory(world: World, { registry }: EngineCore): void {
  const { books } = world.ledger
  let places = 0
  for (const session of registry.sessions.values()) {
    const leases = books.leasesOf(session.id)
    places += session.running.size
    if (session.reserved !== 0) world.violated('I6', `${session.reserved} places of session ${session.id} are taken by nobody`)
    if (session.running.size > session.limit && session.peer !== null) {
      world.violated('I6', `session ${session.id} has room for ${session.limit} and holds ${session.running.size}`)
    }
    for (const [runId, epoch] of session.running) {
      const run = books.runs.get(runId)?.run
      if (!leases.has(runId) || run?.epoch !== epoch) {
        world.violated(
          'I6',
          `session ${session.id} holds a place for run ${runId} at lease ${epoch}; the run has ${run?.epoch} of ${run?.sessionId}`,
        )
      }
    }
  }
  let leases = 0
  for (const held of books.leases.values()) leases += held.size
  if (leases !== places) world.violated('I6', `${leases} leases are live, and ${places} places are in use`)
  let waiting = 0
  for (const run of registry.waitingRuns()) {
    waiting += 1
    if (!books.waiting.has(run.id)) world.violated('I7', `run ${run.id} waits in memory and not in the database`)
  }
  if (waiting !== books.waiting.size) {
    const there = new Set([...registry.waitingRuns()].map(({ id }) => id))
    const lost = [...books.waiting].filter((id) => !there.has(id))
    world.violated('I7', `run ${lost.join()} waits, and the server has forgotten it`)
  }
}
