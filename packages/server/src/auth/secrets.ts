/** Secrets at rest: AES-256-GCM with a key that lives beside the database, or in the environment. */
import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@pilotflame/core'
import type { Random } from '../ports.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
/** First byte of everything encrypted here, so that another way of doing it can come later. */
const VERSION = 1

/** The key of `<home>/secret.key`, made on first use, or of PILOTFLAME_ENCRYPTION_KEY. */
export async function loadSecretKey(
  home: string,
  { environment = process.env, random }: { environment?: NodeJS.ProcessEnv; random?: Pick<Random, 'bytes'> } = {},
): Promise<Uint8Array> {
  const given = environment.PILOTFLAME_ENCRYPTION_KEY
  if (given) return keyFromText(given)
  const path = join(home, 'secret.key')
  const known = await readKey(path)
  if (known) return known
  const made = random ? random.bytes(KEY_BYTES) : await freshKey()
  try {
    await writeFile(path, `${Buffer.from(made).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
    return made
  } catch (cause) {
    // Another start was first: its key counts.
    const theirs = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? await readKey(path) : undefined
    if (theirs) return theirs
    throw new AppError('home_not_writable', `The key file ${path} cannot be written: ${(cause as Error).message}.`, { cause })
  }
}

/** 32 bytes of the system's randomness; the port is not there yet when the key is loaded. */
async function freshKey(): Promise<Uint8Array> {
  const { randomBytes } = await import('node:crypto')
  return randomBytes(KEY_BYTES)
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new AppError('home_not_writable', `The key file ${path} cannot be read: ${cause.message}.`, { cause })
  })
  if (text === undefined) return undefined
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) {
    throw new AppError(
      'store_failed',
      `The key file ${path} is damaged: put it back from a copy, or delete it and make the hooks again.`,
    )
  }
  await chmod(path, 0o600)
  return key
}

/** 32 bytes as base64 or hex are the key itself; any other text is stretched into one. */
export function keyFromText(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === KEY_BYTES && /^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return bytes
  return scryptSync(text, 'pilotflame secret key', KEY_BYTES)
}

export interface Sealing {
  readonly key: Uint8Array
  /** What the secret belongs to: it opens nowhere else. */
  readonly owner: string
}

/** version | iv | tag | the encrypted bytes. */
export function seal(secret: Uint8Array, { key, owner }: Sealing, random: Pick<Random, 'bytes'>): Uint8Array {
  const iv = random.bytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(owner))
  const encrypted = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), encrypted])
}

export function unseal(sealed: Uint8Array, { key, owner }: Sealing): Uint8Array {
  const bytes = Buffer.from(sealed)
  const start = 1 + IV_BYTES + TAG_BYTES
  try {
    if (bytes[0] !== VERSION) throw new Error(`it has the version ${bytes[0]}`)
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + IV_BYTES)).setAAD(Buffer.from(owner))
    decipher.setAuthTag(bytes.subarray(1 + IV_BYTES, start))
    return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()])
  } catch (cause) {
    const message =
      'A stored secret cannot be opened with this key. Was secret.key or PILOTFLAME_ENCRYPTION_KEY changed? Make the hook again.'
    throw new AppError('store_failed', message, { cause })
  }
}
