/**
 * `npm run chaos -- --rounds 200`: real kills. A real server and real executors, each a process of its own on a real
 * disk, are killed (-9) and stopped (-STOP) at moments from a seed, while events come in. What has to be true after
 * each round stands in `check.ts`. A round that fails prints what is wrong; the folder with the logs stays then.
 */
import { parseArgs } from 'node:util'
import { seededRandom } from './random.ts'
import { playRound } from './round.ts'
import { setStage } from './stage.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    events: { type: 'string', default: '10' },
    executors: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    isolation: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const again = `npm run chaos -- --rounds ${rounds} --events ${values.events} --executors ${values.executors} --seed ${values.seed}${values.isolation === undefined ? '' : ` --isolation ${values.isolation}`}`
say(`chaos: ${rounds} rounds, seed ${values.seed}`)

const started = performance.now()
const stage = await setStage({ isolation: values.isolation, executors: Number(values.executors) })
const random = seededRandom(Number(values.seed))
const wrong: string[] = []
const totals = { events: 0, sent: 0, runs: 0, attempts: 0 }
for (let round = 1; round <= rounds && wrong.length === 0; round += 1) {
  const from = performance.now()
  const broken = Promise.race(stage.victims.map((victim) => victim.endedByItself))
  const played = await Promise.race([playRound(stage, random, Number(values.events)), broken])
  if (typeof played === 'string') {
    wrong.push(`round ${round}: ${played}`)
    break
  }
  totals.events += Number(values.events)
  totals.sent += played.sent
  totals.runs += played.runs
  totals.attempts += played.attempts
  wrong.push(...played.wrong.map((sentence) => `round ${round}: ${sentence}`))
  const seconds = ((performance.now() - from) / 1_000).toFixed(1)
  say(`round ${round}: ${played.attempts} attempts of ${played.runs} runs, ${seconds} s (${played.blows})`)
}
wrong.push(...(await stage.end().catch((error: unknown) => [String(error)])))
const count = (of: 'kills' | 'stops'): number => stage.victims.reduce((sum, victim) => sum + victim[of], 0)
say(
  `${totals.events} events, sent ${totals.sent} times; ${totals.runs} runs, ${totals.attempts} attempts; ` +
    `${count('kills')} kills, ${count('stops')} stops; ${((performance.now() - started) / 1_000).toFixed(1)} s`,
)
for (const sentence of wrong) say(`WRONG: ${sentence}`)
if (wrong.length === 0) stage.remove()
else say(`Logs, database and effects: ${stage.folder}\nThe same kills again: ${again}`)
// A round that was given up may still be sending.
process.exit(wrong.length === 0 ? 0 : 1)
