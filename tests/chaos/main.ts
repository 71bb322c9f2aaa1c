/**
 * `npm run chaos -- --rounds 200`: real kills. A real server and real executors, each a process of its own on a real
 * disk, are killed (-9) and stopped (-STOP) at moments from a seed, while events come in and viewers watch. One half
 * of the rounds is played with executors that run in their own process, the other with hosts of fresh processes, which
 * are killed as well. What has to be true after each round stands in `check.ts`. The folder of a failure stays.
 */
import { parseArgs } from 'node:util'
import { type SeededRandom, seededRandom } from './random.ts'
import { playRound } from './round.ts'
import { ISOLATIONS, type Isolation, setStage } from './stage.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    events: { type: 'string', default: '10' },
    executors: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    // Shorter than the 6 s after which a silent executor counts as gone.
    'stop-ms': { type: 'string', default: '900' },
    isolation: { type: 'string', default: 'none,fresh' },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

function readNumber(name: 'rounds' | 'events' | 'executors' | 'stop-ms' | 'seed'): number {
  const number = Number(values[name])
  if (Number.isInteger(number) && number >= 0) return number
  say(`--${name} is "${values[name]}". Give a whole number.`)
  process.exit(2)
}

function readIsolation(name: string): Isolation {
  const known = ISOLATIONS.find((one) => one === name)
  if (known) return known
  say(`--isolation is "${name}". Give one or more of ${ISOLATIONS.join(', ')}, with commas.`)
  process.exit(2)
}

const eventsMax = readNumber('events')
const totals = { events: 0, sent: 0, runs: 0, attempts: 0, kills: 0, stops: 0, cancelled: 0 }

/** So many rounds on one stage; what went wrong. */
async function play(isolation: Isolation, from: number, to: number, random: SeededRandom): Promise<string[]> {
  const stage = await setStage({ isolation, executors: readNumber('executors') })
  const wrong: string[] = []
  const broken = Promise.race(stage.victims.map((victim) => victim.endedByItself))
  for (let round = from; round <= to && wrong.length === 0; round += 1) {
    const start = performance.now()
    const played = await Promise.race([playRound(stage, random, { eventsMax, stopMsMax: readNumber('stop-ms') }), broken])
    if (typeof played === 'string') {
      wrong.push(`round ${round}: ${played}`)
      break
    }
    totals.events += eventsMax
    totals.sent += played.sent
    totals.runs += played.runs
    totals.attempts += played.attempts
    totals.kills += played.kills
    totals.stops += played.stops
    totals.cancelled += played.cancelled
    wrong.push(...played.wrong.map((sentence) => `round ${round}: ${sentence}`))
    const seconds = ((performance.now() - start) / 1_000).toFixed(1)
    say(
      `round ${round} (${isolation}): ${played.attempts} attempts of ${played.runs} runs, ${seconds} s (${played.blows.join(', ')})`,
    )
  }
  wrong.push(...(await stage.end().catch((error: unknown) => [String(error)])))
  if (wrong.length === 0) stage.remove()
  else wrong.push(`logs, database and effects are in ${stage.folder}`)
  return wrong
}

const started = performance.now()
const rounds = readNumber('rounds')
const random = seededRandom(readNumber('seed'))
const isolations = values.isolation.split(',').map(readIsolation)
say(`chaos: ${rounds} rounds, seed ${values.seed}`)
const wrong: string[] = []
for (const [index, isolation] of isolations.entries()) {
  const upTo = (part: number): number => Math.round((rounds * part) / isolations.length)
  if (wrong.length === 0) wrong.push(...(await play(isolation, upTo(index) + 1, upTo(index + 1), random)))
}
say(
  `${totals.events} events, sent ${totals.sent} times; ${totals.runs} runs, ${totals.attempts} attempts; ` +
    `${totals.kills} kills, ${totals.stops} stops, ${totals.cancelled} cancelled; ${((performance.now() - started) / 1_000).toFixed(1)} s`,
)
for (const sentence of wrong) say(`WRONG: ${sentence}`)
if (wrong.length > 0) {
  const { events, executors, seed, isolation, 'stop-ms': stopMs } = values
  say(
    `The same kills again: npm run chaos -- --rounds ${rounds} --events ${events} --executors ${executors} --stop-ms ${stopMs} --seed ${seed} --isolation ${isolation}`,
  )
}
// A round that was given up may still be sending.
process.exit(wrong.length === 0 ? 0 : 1)
