/** The beat's thread: it does nothing else, so a busy loop of the user's cannot make this process look dead. */
import { parentPort, workerData } from 'node:worker_threads'
import { type BeatOptions, keepBeating } from './beat.ts'

let stop = keepBeating(workerData as BeatOptions)

// The session has moved: to another address, or it has a new id.
parentPort?.on('message', (options: BeatOptions) => {
  stop()
  stop = keepBeating(options)
})
