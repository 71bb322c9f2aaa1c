import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeClock } from '../system/node-ports.ts'
import { describeHolder, sayCommand } from './port-holder.ts'

const folder = mkdtempSync(join(tmpdir(), 'pilotflame-holder-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.runIf(existsSync('/proc/self'))('a program that holds a port is named as it was started', async () => {
  const file = join(folder, 'shop.mjs')
  writeFileSync(
    file,
    `import { createServer } from 'node:net'
     const server = createServer().listen(0, '127.0.0.1', () => console.log(server.address().port))`,
  )
  const child = spawn(process.execPath, ['--no-warnings', file, '--password', 'hunter2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = await once(child.stdout, 'data')
  expect(await describeHolder({ host: '127.0.0.1', port: Number(port) }, nodeClock())).toBe(`node shop.mjs (pid ${child.pid})`)
  child.kill()
})

test.each([
  ['/usr/bin/python3\0-m\0http.server\x008000\0', 'python3 http.server'],
  ['/opt/bin/mysqld\0--password\0hunter2\0', 'mysqld'],
  ['nginx: master process /usr/sbin/nginx -g daemon off;\0', 'nginx: master process /usr/sbin/nginx -g daemon off;'],
  ['node\0-e\0require("net").createServer().listen(8, () => 1)\0', 'node'],
  ['', ''],
])('the command line %j is said as %j', (commandLine, said) => {
  expect(sayCommand(commandLine)).toBe(said)
})
