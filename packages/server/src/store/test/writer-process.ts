/**
 * Writes an event and its run in each body, with so many callers, and says on stdout what has settled, until it is killed.
 * Every second body of a caller asks for the journal.
 */
import { openBlockFile } from '../block-file.ts'
import { fdatasyncFlush } from '../flush-file.ts'
import { openSqliteStore } from '../sqlite-store.ts'
import { FLOW, sampleEvent, sampleRun } from './sample-rows.ts'

const [path = '', from = '0', callers = '16'] = process.argv.slice(2)
const journal = openBlockFile(`${path}.journal`)
const store = await openSqliteStore({ path, flush: fdatasyncFlush(path), journal, reader: 'thread' })
await store.transaction(async (tx) => tx.saveFlow(FLOW))
let next = Number(from)

async function caller(): Promise<void> {
  for (;;) {
    next += 1
    const n = next
    const journal = n % 2 === 0 ? 'often' : undefined
    await store.transaction(
      async (tx) => {
        await tx.insertEvent(sampleEvent(n))
        const run = sampleRun(n)
        tx.insertRun(run, [run.state])
      },
      { journal },
    )
    process.stdout.write(`${n}\n`)
  }
}

await Promise.all(Array.from({ length: Number(callers) }, caller))
