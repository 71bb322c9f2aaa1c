// npm test, npm run verify, npm run bench: installs and builds what is missing, and runs the steps with the project's own Node.
import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { build, checkNode, fail, install, projectNode, ROOT } from './prepare.mjs'

const bin = (name) => join(ROOT, 'node_modules', '.bin', name)
const vitest = (...more) => [bin('vitest'), 'run', ...more]

/** Each step: its name, and the command. `npm test` is a part of `npm run verify`. */
const STEPS = {
  test: [['tests', vitest()]],
  verify: [
    ['format and lint', [bin('biome'), 'ci', '--error-on-warnings', '.']],
    ['types', [bin('tsc'), '-b']],
    ['types of tests', [bin('tsc'), '-p', join(ROOT, 'tsconfig.tests.json')]],
    ['unused code', [bin('knip')]],
    ['tests', ['npm', 'test']],
    ['packed package', vitest('--config', 'vitest.package.config.ts')],
  ],
  bench: [['bench', ['node', join(ROOT, 'bench', 'bench.ts'), ...process.argv.slice(3)]]],
}

checkNode()
install()
build()
const steps = STEPS[process.argv[2]]
if (!steps) fail(`There is no task "${process.argv[2]}": use ${Object.keys(STEPS).join(', ')}.`, 2)
const more = process.argv[2] === 'test' ? process.argv.slice(3) : []
const path = [dirname(projectNode()), join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
for (const [name, [command, ...args]] of steps) {
  const started = Date.now()
  const result = spawnSync(command, [...args, ...more], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: path } })
  if (result.error) fail(`${name} could not be started: ${result.error.message}`)
  if (result.status !== 0) fail(`${name}: failed (see above).`, result.status === null ? 1 : result.status)
  process.stderr.write(`${name}: passed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}
