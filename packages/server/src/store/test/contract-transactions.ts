/** Of every store: order, isolation, the guard. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../store.ts'
import { DEPLOYMENT, FLOW, sampleEvent, uuid, VERSION } from './sample-rows.ts'
import { type OpenTestStore, type TestStore, turn } from './stores.ts'

const fail = (message: string) => async (): Promise<never> => {
  throw new Error(message)
}

export function transactionContract(open: OpenTestStore): void {
  describe('transactions', () => {
    let opened: TestStore
    let store: Store
    beforeEach(async () => {
      opened = await open()
      store = opened.store
      await store.transaction(async (tx) => {
        tx.saveFlow(FLOW)
        tx.saveDeployment(DEPLOYMENT)
      })
    })
    afterEach(() => opened.end())

    test('bodies run one after the other, in the order in which they came', async () => {
      const seen: string[] = []
      const body = (n: number) =>
        store.transaction(async (tx) => {
          seen.push(`${n} begins`)
          await tx.findFlow(FLOW.id)
          await tx.findFlow(FLOW.id)
          seen.push(`${n} ends`)
          return n
        })
      expect(await Promise.all([body(1), body(2), body(3)])).toEqual([1, 2, 3])
      expect(seen).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'])
    })

    test('bodies of one turn share a commit and a flush', async () => {
      const { commits, flushes } = { ...store.counts }
      await Promise.all([1, 2, 3].map((n) => store.transaction((tx) => tx.insertEvent(sampleEvent(n)))))
      expect(store.counts.commits - commits).toBe(1)
      expect(store.counts.flushes - flushes).toBe(1)
    })

    test('a body that throws is rolled back alone, and rejects with its own error', async () => {
      const results = await Promise.allSettled([
        store.transaction((tx) => tx.insertEvent(sampleEvent(1))),
        store.transaction(async (tx) => {
          await tx.insertEvent(sampleEvent(2))
          throw new Error('mine')
        }),
        store.transaction((tx) => tx.insertEvent(sampleEvent(3))),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(results[1]).toMatchObject({ reason: { message: 'mine' } })
      const found = await Promise.all([1, 2, 3].map((n) => store.find.findEvent(uuid(4, n))))
      expect(found.map((event) => event !== undefined)).toEqual([true, false, true])
    })

    test.for([undefined, 'once'] as const)(
      'a body that fails says so before the next one runs (journal: %s)',
      async (journal) => {
        const told: string[] = []
        const body = (name: string, end: () => Promise<unknown>) =>
          store.transaction(
            async (tx) => {
              told.push(name)
              await tx.insertEvent(sampleEvent(told.length))
              return end()
            },
            { journal, failed: () => told.push(`${name} failed`) },
          )
        const fine = async () => undefined
        const together = [body('one', fine), body('two', fail('mine')), body('three', fine)]
        await Promise.allSettled(together)
        await Promise.allSettled([body('alone', fail('mine')).finally(() => body('four', fine))])
        await turn()
        expect(told).toEqual(['one', 'two', 'two failed', 'three', 'alone', 'alone failed', 'four'])
      },
    )

    test('a single body that throws leaves nothing behind', async () => {
      const alone = store.transaction(async (tx) => {
        await tx.insertEvent(sampleEvent(1))
        return fail('mine')()
      })
      await expect(alone).rejects.toThrow('mine')
      expect(await store.find.findEvent(uuid(4, 1))).toBeUndefined()
    })

    test('a body that swallows the error of a write fails all the same', async () => {
      const body = store.transaction(async (tx) => {
        try {
          tx.insertVersion({ ...VERSION, id: null as unknown as string })
        } catch {}
        await tx.insertEvent(sampleEvent(1))
      })
      await expect(body).rejects.toMatchObject({ code: 'store_failed' })
      expect(await store.find.findEvent(uuid(4, 1))).toBeUndefined()
    })

    test('a body that awaits anything but its tx is rolled back, and the others are served', async () => {
      const results = await Promise.allSettled([
        store.transaction(async (tx) => {
          await tx.insertEvent(sampleEvent(1))
          await turn()
          await tx.insertEvent(sampleEvent(2))
        }),
        store.transaction((tx) => tx.insertEvent(sampleEvent(3))),
      ])
      expect(results[0]).toMatchObject({
        reason: { code: 'internal', message: expect.stringContaining('awaited something other') },
      })
      expect(results[1]).toMatchObject({ value: true })
      expect(await store.find.findEvent(uuid(4, 1))).toBeUndefined()
      await turn()
      expect(await store.find.findEvent(uuid(4, 2))).toBeUndefined()
      expect(await store.find.findEvent(uuid(4, 3))).toBeDefined()
    })

    test('a tx that was kept is refused', async () => {
      const kept = await store.transaction(async (tx) => ({ tx }))
      expect(() => kept.tx.deleteHook('shop')).toThrow('This transaction is over')
      await expect(kept.tx.findFlow(FLOW.id)).rejects.toThrow('This transaction is over')
    })

    test('a read outside of a transaction never sees what is not committed', async () => {
      const body = store.transaction(async (tx) => {
        await tx.insertEvent(sampleEvent(1))
        await tx.findFlow(FLOW.id)
        throw new Error('mine')
      })
      const [, found] = await Promise.allSettled([body, Promise.resolve().then(() => store.find.findEvent(uuid(4, 1)))])
      expect(found).toMatchObject({ status: 'fulfilled', value: undefined })
    })

    test('1 000 callers are all served, each with its own answer', async () => {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, n) =>
          store.transaction(async (tx) => {
            await tx.insertEvent(sampleEvent(n))
            return n
          }),
        ),
      )
      expect(answers).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
      expect((await store.find.findEvent(uuid(4, 999)))?.payload).toEqual({ question: 'why 999?' })
    })
  })
}
