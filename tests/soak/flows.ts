/** What runs in the soak: a little of everything that a run writes. */
import { flow, type ServeOptions, serve, task } from 'pilotflame'

const { SOAK_ISOLATION: isolation } = process.env

const upper = task('upper', async (text: string) => text.toUpperCase())

const tick = flow('tick', async ({ text }: { text: string }, run) => {
  run.logger.info(`a tick of ${text.length} characters`)
  for (const word of text.split(' ')) run.stream(`${word} `)
  return upper(text)
})

const options: ServeOptions =
  isolation === 'fresh' || isolation === 'reuse' ? { isolation, warm: { min: 4, max: 8 } } : { limit: 100 }

await serve(tick.toDeployment({ name: 'tick', on: 'soak.tick' }), options)
