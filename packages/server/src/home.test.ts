import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer } from './server.ts'

const settings = { host: '127.0.0.1', port: 0, authString: null, allowedHosts: [], bodyBytesMax: 1_000, version: '0.0.0-test' }

test.runIf(existsSync('/proc/self'))('a home that cannot be made is refused with a sentence, and does not hang', async () => {
  await expect(startServer({ ...settings, home: '/proc/nowhere/at/all' })).rejects.toMatchObject({
    code: 'home_not_writable',
    message: expect.stringContaining('/proc/nowhere/at/all cannot be made'),
  })
})

test('a file in place of the home, or of a folder above it, is called one', async () => {
  const file = import.meta.filename
  for (const home of [file, join(file, 'below')]) {
    await expect(startServer({ ...settings, home })).rejects.toMatchObject({
      code: 'home_not_writable',
      message: `The home folder ${home} cannot be made: a file is in its place, or in that of a folder above it. Name another one with --home or PILOTFLAME_HOME.`,
    })
  }
})
