/** The `pilot` command behind its first file. It loads the tree of commands alone; each body is loaded when it is asked for. */
import { runProgram } from './program.ts'

// Experimental parts of Node (its SQLite) are ours to worry about, not the user's.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`)
})
// The reader has gone, as with "| head": nothing is wrong.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
}

await runProgram(process.argv.slice(2))
