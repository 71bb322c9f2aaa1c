/** Hooks: made with a secret that is shown once, stored encrypted, and opened to check a delivery's signature. */
import { AppError, nearest } from '@pilotflame/core'
import type { HookService } from '../app.ts'
import type { Clock, Random } from '../ports.ts'
import type { Hook, Store } from '../store/store.ts'
import { seal, unseal } from './secrets.ts'

/** The name of the events of a hook that was given no other. */
export const HOOK_EVENT = 'pilotflame.hook.received'
const SECRET_BYTES = 32
/** How Standard Webhooks writes a secret. */
const SECRET_PREFIX = 'whsec_'

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly key: Uint8Array
}

export function createHookService({ store, clock, random, key }: Parts): HookService {
  const notFound = async (name: string): Promise<AppError> => {
    const known = JSON.parse(await store.read.hooks()) as { name: string }[]
    const near = nearest(
      name,
      known.map((hook) => hook.name),
    )
    const help = near ? `Did you mean ${near}?` : 'List hooks with "pilot hook ls".'
    return new AppError('hook_not_found', `There is no hook ${name}. ${help}`, near ? { facts: { suggestion: near } } : {})
  }

  return {
    async create({ name, event = HOOK_EVENT, signed }) {
      const id = random.uuid()
      const secret = signed ? random.bytes(SECRET_BYTES) : null
      const hook: Hook = {
        id,
        name,
        event,
        secret: secret && seal(secret, { key, owner: id }, random),
        createdAt: clock.now(),
      }
      await store.transaction(async (tx) => {
        if (await tx.findHook(name)) {
          throw new AppError('hook_exists', `There is a hook ${name} already. Use another name, or delete that one first.`)
        }
        tx.saveHook(hook)
      })
      return { hook, secret: secret && `${SECRET_PREFIX}${Buffer.from(secret).toString('base64')}` }
    },

    async delete(name) {
      const deleted = await store.transaction(async (tx) => {
        if (!(await tx.findHook(name))) return false
        tx.deleteHook(name)
        return true
      })
      if (!deleted) throw await notFound(name)
    },

    async open(name) {
      const hook = await store.find.findHook(name)
      if (!hook) throw await notFound(name)
      return { hook, secret: hook.secret && unseal(hook.secret, { key, owner: hook.id }) }
    },
  }
}
