/** The product's server in a process of its own, from the bundle that users install, on a temporary home and a free port. */
import type { Flush } from '../packages/server/src/ports.ts'
import type { startServer } from '../packages/server/src/server.ts'
import { answerParent, sayReady } from './processes/answer-parent.ts'
import { Profiler } from './processes/profiler.ts'

const [bundle = '', home = '', port = '0'] = process.argv.slice(2)
const product = (await import(bundle)) as { readonly startServer: typeof startServer }

/** Put on top of each flush, in milliseconds; 0 leaves the flush as it is. */
let flushDelayMs = 0
const flush =
  (real: Flush): Flush =>
  (done) =>
    flushDelayMs === 0 ? real(done) : real((error) => void setTimeout(() => done(error), flushDelayMs))

const server = await product.startServer(
  {
    home,
    host: '127.0.0.1',
    port: Number(port),
    authString: null,
    allowedHosts: [],
    bodyBytesMax: 4_000_000,
    version: 'bench',
  },
  { flush },
)

const profiler = new Profiler()

answerParent({
  counts: () => ({ commits: server.app.store.counts.commits, flushes: server.app.store.counts.flushes }),
  memory: () => process.memoryUsage(),
  executors: () => server.app.executors.list(),
  automations: async () => (await server.app.store.transaction((tx) => tx.loadAutomations())).length,
  /** How many of these events are in the store. */
  stored: async (ids) => {
    const found = await Promise.all((ids as readonly string[]).map((id) => server.app.store.find.findEvent(id)))
    return found.filter((event) => event !== undefined).length
  },
  /** The readings of the run's first attempt, in microseconds of the monotonic clock. */
  marks: async (id) => (await server.app.store.find.findRun(String(id)))?.marks['1']?.at,
  delayFlush: (ms) => {
    flushDelayMs = Number(ms)
  },
  profileBegin: () => profiler.begin(),
  profileEnd: () => profiler.end(),
  stop: async () => {
    await server.stop()
    setImmediate(() => process.exit(0))
  },
})
sayReady({ apiUrl: server.apiUrl })
