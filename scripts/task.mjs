// npm test, npm run verify, bench, simulate, chaos, soak: installs and builds what is missing, and runs the steps with the project's own Node.
import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { build, checkNode, fail, install, projectNode, ROOT } from './prepare.mjs'

const bin = (name) => join(ROOT, 'node_modules', '.bin', name)
const vitest = (...more) => [bin('vitest'), 'run', ...more]

/** A program of ours that takes the rest of the command line, or what stands here. */
const program = (path, ...args) => ['node', join(ROOT, ...path.split('/')), ...args]
const given = process.argv.slice(3)

/** Each step: its name, and the command. `npm test` is a part of `npm run verify`. */
const STEPS = {
  test: [
    ['tests', vitest()],
    ['simulation', program('tests/simulation/main.ts', '--seeds', '2000')],
    // Alone, after the others: its processes are killed at moments that a busy machine would move.
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
for (const [name, [command, ...args]] of steps) {
  const started = Date.now()
  const result = spawnSync(command, [...args, ...more], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: path } })
  if (result.error) fail(`${name} could not be started: ${result.error.message}`)
  if (result.status !== 0) fail(`${name}: failed (see above).`, result.status === null ? 1 : result.status)
  process.stderr.write(`${name}: passed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}
