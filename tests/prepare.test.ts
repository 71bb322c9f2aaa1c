/** What `npm start` says where a clone cannot be made ready: a sentence, and no stack trace. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ROOT } from './source-files.ts'

const clone = mkdtempSync(join(tmpdir(), 'pilotflame-clone-'))
afterAll(() => rmSync(clone, { recursive: true, force: true }))

/** A clone with its packages installed, whose build is this program. */
function prepare(build: string): void {
  const lock = '{}'
  for (const folder of ['.build', 'packages', 'node_modules/node/bin']) mkdirSync(join(clone, folder), { recursive: true })
  cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true })
  rmSync(join(clone, 'node_modules/node/bin/node'), { force: true })
  symlinkSync(process.execPath, join(clone, 'node_modules/node/bin/node'))
  writeFileSync(join(clone, 'package-lock.json'), lock)
  writeFileSync(join(clone, '.build', 'installed'), createHash('sha256').update(lock).digest('hex'))
  writeFileSync(join(clone, 'scripts', 'build.mjs'), build)
}

const start = (): Promise<{ code: unknown; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(clone, 'scripts', 'start.mjs')], (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })

test('a build that may not write names the folders', async () => {
  prepare(`throw Object.assign(new Error("EPERM: operation not permitted, rename 'a' -> 'b'"), { code: 'EPERM' })`)
  const { code, stderr } = await start()
  expect(code).toBe(1)
  expect(stderr).toBe(
    `Building …\nThere is no permission to write to ${clone}/packages/pilotflame or ${clone}/.build. Change its owner, or clone the project into a folder of yours.\n`,
  )
})

test('a build that fails says where the code is wrong', async () => {
  prepare(`throw new Error('Build failed with 1 error:\\nserver.ts:3:4: ERROR: Expected ")"')`)
  const { code, stderr } = await start()
  expect([code, stderr]).toEqual([
    1,
    'Building …\nThe build failed: Error: Build failed with 1 error:\nserver.ts:3:4: ERROR: Expected ")"\n',
  ])
})
