// npm start: installs what is missing, builds, starts the server with its database, serves the chatbot and asks for a question.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build, checkNode, fail, install, projectNode, ROOT } from './prepare.mjs'

checkNode()
install()
build()
const program = join(ROOT, 'packages', 'pilotflame', 'dist', 'start.js')
const child = spawn(projectNode(), ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
child.on('error', (error) => fail(`Pilotflame could not be started: ${error.message}`))
// The terminal sends its signals to both; this process waits for the other one to end in order.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code))
