/** One schedule, from its seed to its end: commands and faults, and the checks after every step. */
import type { DeploymentOffer } from '@pilotflame/core'
import type { HostDeployment } from '@pilotflame/worker'
import { checkEnd, isOver } from './check-end.ts'
import { Client } from './client.ts'
import type { Coverage } from './coverage.ts'
import { ALERTS, CARE, ORDERS } from './deployments.ts'
import { Faults } from './faults.ts'
import { Machine } from './machine.ts'
import { SERVER_BOOT } from './server-process.ts'
import { MS, SECOND, World, type WorldOptions } from './world.ts'

export interface Result {
  readonly seed: number
  readonly steps: number
  readonly commands: number
  readonly crashes: number
  readonly coverage: Coverage
  /** What is wrong; null when nothing is. */
  readonly failure: string | null
  readonly trace: readonly string[]
}

const COMMANDS_MIN = 60
/** So long a schedule may take to come to its end, in its own time. */
const END_MAX = 300 * SECOND

/** Ten times what a long one takes: something turns in a circle. */
const STEPS_MAX = 60_000

export async function runSchedule(seed: number, options: WorldOptions = {}): Promise<Result> {
  const world = new World(seed, options)
  const { random, timeline, server } = world
  await server.start()
  const machines = makeMachines(world)
  const client = new Client(world)
  const faults = new Faults(world, machines)
  const commands = COMMANDS_MIN + random.below(8)
  faults.plan(commands)
  let issued = 0
  const command = (): void => {
    client.command()
    issued += 1
    faults.arm(issued)
    if (issued < commands) timeline.after(pause(world), 'command', command)
  }
  timeline.after(random.between(0, 200 * MS), 'command', command)
  const step = async (): Promise<void> => {
    const name = await timeline.step()
    world.note(() => `- ${name}`)
    server.checkQuiet()
    if (timeline.steps > STEPS_MAX) world.violated('no spinning', `it took more than ${STEPS_MAX} steps; the last was ${name}`)
  }
  while (world.violation === null && (issued < commands || faults.left > 0)) {
    await step()
    faults.strike()
  }
  world.faulty = false
  for (const machine of machines) machine.findNetwork()
  const deadline = timeline.now + END_MAX
  while (world.violation === null && timeline.now < deadline && !isOver(world, client)) await step()
  if (world.violation === null) await checkEnd(world, client)
  server.end()
  const { coverage, trace, violation } = world
  return { seed, steps: timeline.steps, commands, crashes: faults.crashes, coverage, failure: violation?.message ?? null, trace }
}

/** Until the next command: many at once, then nothing for a while. */
function pause({ random }: World): number {
  const kind = random.fraction()
  if (kind < 0.4) return random.between(0, 2 * MS)
  if (kind < 0.85) return random.between(2 * MS, 100 * MS)
  return random.between(0.1 * SECOND, 1.2 * SECOND)
}

/** How the processes of a host are kept: few and short-lived, so that all of it happens within a schedule. */
const keep = (offer: DeploymentOffer, isolation: 'fresh' | 'reuse'): HostDeployment => ({
  offer,
  command: { file: '', args: [], env: {} },
  isolation,
  warm: { min: 1, max: 2, idleMs: 5_000 },
  memoryMbMax: 512,
  timeoutMs: null,
  cancelGraceMs: 1_000,
  killGraceMs: 500,
  runsMax: 4,
  ageMsMax: 20_000,
})

/** One beside the server, and one that is a network away and has a clock of its own. Each has a host. */
function makeMachines(world: World): readonly Machine[] {
  const far = Math.round(world.random.between(-3 * SECOND, 3 * SECOND))
  return [
    new Machine(world, {
      name: 'near',
      boot: SERVER_BOOT,
      clockOffset: 0,
      executors: [{ limit: 2, offers: [ORDERS, ALERTS] }],
      hosts: [[keep(ORDERS, 'fresh')]],
    }),
    new Machine(world, {
      name: 'far',
      boot: 'boot of another machine',
      clockOffset: far,
      executors: [{ limit: 1, offers: [ORDERS] }],
      hosts: [[keep(CARE, 'fresh'), keep(ALERTS, 'reuse')]],
    }),
  ]
}
