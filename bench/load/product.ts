/** The product, started and ready to be sent events: its server and one executor, each a process of its own. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../numbers/clock.ts'
import { Child } from '../processes/child.ts'
import type { BenchContext } from '../rows/context.ts'
import { HttpClient } from './http-client.ts'
import type { FirstLines, Side } from './send-events.ts'

export interface Counts {
  readonly commits: number
  readonly flushes: number
}

export interface Product extends Side {
  readonly apiUrl: string
  readonly server: Child
  readonly serverPid: number
  readonly executor: Child
  /** Id of a flow's deployment. */
  deployment(flowName: string): string
  counts(): Promise<Counts>
  /** Resident memory of the server in MB. */
  memoryMb(): Promise<number>
  /** Settles when `count` more runs of the flow `many` have started. */
  counted(count: number, limitMs?: number): Promise<void>
  stop(): Promise<void>
}

type Deployments = readonly { readonly id: string; readonly flow_name: string }[]

let started = 0

/** A server of its own, on an empty home. */
export async function startServer(context: BenchContext): Promise<{ server: Child; home: string }> {
  const home = join(context.folder, `home-${++started}`)
  mkdirSync(home)
  const args = [join(context.bundles, 'server.js'), home]
  const server = await Child.start(context.programs['product-server'], { args })
  context.cleanUp.add(() => server.stop())
  return { server, home }
}

/** A server that serves nobody; returns the milliseconds until it was ready, and its memory. */
export async function startIdle(
  context: BenchContext,
): Promise<{ readyMs: number; memoryMb: () => Promise<number>; stop: () => Promise<void> }> {
  const { server, home } = await startServer(context)
  return { readyMs: server.readyMs, memoryMb: () => memoryMbOf(server), stop: () => stopServer(server, home) }
}

const memoryMbOf = async (server: Child): Promise<number> => (await server.ask<NodeJS.MemoryUsage>('memory')).rss / 1e6

async function stopServer(server: Child, home: string): Promise<void> {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
}

export async function startProduct(context: BenchContext): Promise<Product> {
  const { server, home } = await startServer(context)
  const { apiUrl } = server.facts as { apiUrl: string }
  const executor = await Child.start(context.programs['product-executor'], { args: [join(context.bundles, 'index.js'), apiUrl] })
  context.cleanUp.add(() => executor.stop())
  const deployments = await executor.ask<Deployments>('deployments')
  const client = new HttpClient(apiUrl)
  context.cleanUp.add(() => client.close())
  return {
    name: 'serve',
    apiUrl,
    client,
    server,
    serverPid: server.pid,
    executor,
    collect: () => executor.ask<FirstLines>('collect'),
    deployment: (flowName) => deployments.find(({ flow_name }) => flow_name === flowName)?.id ?? '',
    counts: () => server.ask('counts'),
    memoryMb: () => memoryMbOf(server),
    async counted(count, limitMs = 60_000) {
      let seen = 0
      await until(
        `The start of ${count} runs`,
        async () => {
          seen += await executor.ask<number>('counted')
          return seen >= count ? true : undefined
        },
        { limitMs },
      )
    },
    async stop() {
      client.close()
      await executor.stop()
      await stopServer(server, home)
    },
  }
}
