/** When faults have stopped and time has gone on: everything that was begun has come to its end, once. */
import { checkImage } from './check-image.ts'
import type { Client } from './client.ts'
import type { World } from './world.ts'

/** True when nothing is left to happen. */
export function isOver(world: World, client: Client): boolean {
  const { server, ledger } = world
  if (!server.up || !server.quiet || client.open > 0 || ledger.books.unfinished.size > 0) return false
  return client.viewers.every(({ ended }) => ended)
}

export async function checkEnd(world: World, client: Client): Promise<void> {
  const { books } = world.ledger
  for (const id of books.unfinished) {
    const run = books.runs.get(id)?.run
    world.violated('every run ends', `run ${id} still is ${run?.state.name}, lease ${run?.epoch} of ${run?.sessionId}`)
  }
  if (client.open > 0) world.violated('every request ends', `${client.open} requests were never answered for good`)
  for (const { id } of client.acknowledged) {
    if (!books.events.has(id)) world.violated('nothing is lost', `event ${id} was acknowledged and is not there`)
  }
  for (const [eventId, verdicts] of books.verdicts) {
    for (const { outcome } of verdicts) {
      if (outcome.kind !== 'fired') continue
      for (const { runId } of outcome.runs) {
        const there = books.runs.has(runId) || world.deleted.has(runId)
        if (!there) world.violated('nothing is lost', `run ${runId} of event ${eventId} is not there`)
      }
    }
  }
  const store = world.server.store
  if (!store) return world.violated('the server stays', 'the server is gone at the end')
  await store.find.findRun('') // brings the tables up to date with the journal
  checkImage(world, store.imageOfFlush(), 'at the end')
}
