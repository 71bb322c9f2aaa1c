// npm test, npm run verify, bench, simulate, chaos, soak: installs and builds what is missing, and runs the steps with the project's own Node.
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { build, checkNode, fail, install, projectNode, ROOT } from './prepare.mjs'

const bin = (name) => join(ROOT, 'node_modules', '.bin', name)
const vitest = (...more) => [bin('vitest'), 'run', ...more]

/** A program of ours that takes the rest of the command line, or what stands here. */
const program = (path, ...args) => ['node', join(ROOT, ...path.split('/')), ...args]
const given = process.argv.slice(3)

/** Each step: its name, the command, and `and` where the next one runs beside it. `npm test` is a part of `npm run verify`. */
const STEPS = {
  test: [
    ['tests', vitest()],
    ['simulation', program('tests/simulation/main.ts', '--seeds', '2000'), 'and'],
    ['real kills', program('tests/chaos/main.ts', '--rounds', '10')],
  ],
  verify: [
    ['format and lint', [bin('biome'), 'ci', '--error-on-warnings', '.']],
    ['types', [bin('tsc'), '-b']],
    ['types of tests', [bin('tsc'), '-p', join(ROOT, 'tsconfig.tests.json')]],
    ['unused code', [bin('knip')]],
    ['tests', ['npm', 'test']],
    // The first 2 000 of 20 000 are in the tests.
    ['simulation', program('tests/simulation/main.ts', '--from', '2001', '--seeds', '18000')],
    ['teeth of the simulation', vitest('--config', 'vitest.simulation.config.ts')],
    ['packed package', vitest('--config', 'vitest.package.config.ts')],
    ['conformance', program('tests/conformance/main.ts')],
  ],
  bench: [['bench', program('bench/bench.ts', ...given)]],
  simulate: [['simulation', program('tests/simulation/main.ts', ...given)]],
  chaos: [['real kills', program('tests/chaos/main.ts', ...given)]],
  conformance: [['conformance', program('tests/conformance/main.ts', ...given)]],
  soak: [['soak', program('tests/soak/main.ts', ...given)]],
}

checkNode()
install()
build()
const [task] = process.argv.slice(2)
// Whoever names tests wants those alone.
const more = task === 'test' ? given : []
const steps = more.length > 0 ? STEPS.test.slice(0, 1) : STEPS[task]
if (!steps) fail(`There is no task "${task}": use ${Object.keys(STEPS).join(', ')}.`, 2)
const path = [dirname(projectNode()), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
// What Node has compiled, TypeScript included, is kept: tests start many processes and threads of the same code.
const env = { ...process.env, PATH: path, NODE_COMPILE_CACHE: join(ROOT, '.cache', 'compile') }

// Where one fails, those beside it end with this process.
const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill()
})

const run = ([name, [command, ...args]]) =>
  new Promise((resolve) => {
    const started = Date.now()
    const child = spawn(command, [...args, ...more], { cwd: ROOT, stdio: 'inherit', env })
    children.add(child)
    child.once('error', (error) => fail(`${name} could not be started: ${error.message}`))
    child.once('exit', (code) => {
      children.delete(child)
      if (code !== 0) fail(`${name}: failed (see above).`, code ?? 1)
      process.stderr.write(`${name}: passed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
      resolve()
    })
  })

for (let at = 0; at < steps.length; at += 1) {
  const together = [steps[at]]
  while (steps[at]?.[2] === 'and') together.push(steps[++at])
  await Promise.all(together.map(run))
}
