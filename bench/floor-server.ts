/**
 * The floor, and it is fixed: `node:http`, `JSON.parse`, one append, `fs.fdatasync`, then one `child.send` to a
 * primed child (see `floor-runners.ts`). Nothing that starts user code from a durable event can do less. The HTTP answer leaves after the flush, too.
 */
import { fdatasync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createEchoServer } from 'node:net'
import { join } from 'node:path'
import { freshChildren, reusedChild } from './floor-runners.ts'
import { nowMs } from './numbers/clock.ts'
import { answerParent, sayReady } from './processes/answer-parent.ts'

const [folder = '', childProgram = '', form = 'reuse'] = process.argv.slice(2)
const file = openSync(join(folder, 'floor.log'), 'a')
const runner = form === 'fresh' ? freshChildren(childProgram) : reusedChild(childProgram)

function take(body: Buffer, response: ServerResponse): void {
  const event = JSON.parse(body.toString()) as { readonly payload: { readonly n: number } }
  writeSync(file, body)
  fdatasync(file, (error) => {
    if (error) throw error
    runner.send(event.payload)
    response.writeHead(204).end()
  })
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => take(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts), response))
})

/** What one append and its flush cost here, with nothing around them. */
function measureFlush(count: number): number[] {
  const line = Buffer.alloc(300, 'x')
  return Array.from({ length: count }, () => {
    writeSync(file, line)
    const at = nowMs()
    fdatasyncSync(file)
    return nowMs() - at
  })
}

const echo = createEchoServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.pipe(socket)
})
const listen = (one: typeof server | typeof echo): Promise<number> =>
  new Promise((resolve) => one.listen(0, '127.0.0.1', () => resolve((one.address() as AddressInfo).port)))

answerParent({
  collect: () => runner.collect(),
  flushes: (count) => measureFlush(Number(count)),
  stop: () => setImmediate(() => process.exit(0)),
})
const ports = { port: await listen(server), echoPort: await listen(echo) }
await runner.ready
sayReady(ports)
