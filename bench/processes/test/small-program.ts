/** A program of the bench as small as it can be; `mode` says how it behaves. */
import { answerParent, sayReady } from '../answer-parent.ts'

const [mode] = process.argv.slice(2)

answerParent({
  double: (value) => Number(value) * 2,
  fail: () => {
    throw new Error('the disk is full')
  },
  leave: () => process.exit(3),
  stop: () => (mode === 'stubborn' ? undefined : setImmediate(() => process.exit(0))),
})
if (mode === 'broken') process.exit(1)
sayReady({ mode })
