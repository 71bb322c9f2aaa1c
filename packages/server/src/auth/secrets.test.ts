import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { nodeRandom } from '../system/node-ports.ts'
import { checkBind } from './door.ts'
import { keyFromText, loadSecretKey, seal, unseal } from './secrets.ts'

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-key-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('the key is made once, for its owner alone', async () => {
  const folder = home()
  const path = join(folder, 'secret.key')
  const [first, second] = await Promise.all([
    loadSecretKey(folder, { environment: {} }),
    loadSecretKey(folder, { environment: {} }),
  ])
  expect(Buffer.from(first)).toEqual(Buffer.from(second))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).toContain(Buffer.from(first).toString('base64'))
  writeFileSync(path, 'short')
  await expect(loadSecretKey(folder, { environment: {} })).rejects.toMatchObject({ code: 'store_failed' })
})

test('the environment wins over the file', async () => {
  const key = await loadSecretKey(home(), { environment: { PILOTFLAME_ENCRYPTION_KEY: 'ab'.repeat(32) } })
  expect(Buffer.from(key).toString('hex')).toBe('ab'.repeat(32))
  expect(keyFromText('a sentence').length).toBe(32)
})

test('what is sealed opens with the same key and owner alone', () => {
  const key = keyFromText('one')
  const secret = Buffer.from('hush')
  const sealed = seal(secret, { key, owner: 'hook-1' }, nodeRandom())
  expect(Buffer.from(unseal(sealed, { key, owner: 'hook-1' })).toString()).toBe('hush')
  expect(() => unseal(sealed, { key, owner: 'hook-2' })).toThrow(expect.objectContaining({ code: 'store_failed' }))
  expect(() => unseal(sealed, { key: keyFromText('two'), owner: 'hook-1' })).toThrow(
    expect.objectContaining({ code: 'store_failed' }),
  )
  expect(Buffer.from(sealed).includes(secret)).toBe(false)
})

test('which addresses need an auth string', () => {
  const refuses = (host: string, authString: string | null = null): boolean => {
    try {
      checkBind({ host, authString })
      return false
    } catch {
      return true
    }
  }
  expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].filter((host) => refuses(host))).toEqual([])
  expect(['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.0.0.1.example.org', ''].filter((host) => !refuses(host))).toEqual(
    [],
  )
  expect([refuses('0.0.0.0', 'user:password'), refuses('0.0.0.0', 'nocolon')]).toEqual([false, true])
})
