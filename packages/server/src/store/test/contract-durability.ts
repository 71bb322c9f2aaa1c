/** Of every store: what settles when. */
import { beforeEach, describe, expect, test } from 'vitest'
import { sampleEvent, uuid } from './sample-rows.ts'
import { HeldFlush, type OpenTestStore, type TestStore, turn } from './stores.ts'

export function durabilityContract(open: OpenTestStore): void {
  describe('durability', () => {
    let held: HeldFlush
    let slow: TestStore
    beforeEach(async () => {
      held = new HeldFlush()
      slow = await open(held.wrap)
    })

    const track = (promise: Promise<unknown>): { settled: boolean } => {
      const state = { settled: false }
      const mark = (): void => {
        state.settled = true
      }
      promise.then(mark, mark)
      return state
    }

    test('a write settles after the flush that began after its commit, and not with the one before', async () => {
      const first = slow.store.transaction((tx) => tx.insertEvent(sampleEvent(1)))
      await turn()
      const second = slow.store.transaction((tx) => tx.insertEvent(sampleEvent(2)))
      const secondState = track(second)
      await turn()
      expect(held.started).toBe(1)
      held.release()
      await first
      await turn()
      expect({ started: held.started, ...secondState }).toEqual({ started: 2, settled: false })
      held.release()
      expect(await second).toBe(true)
      await slow.end()
    })

    test('a body that only read waits for the write it saw, and causes no flush', async () => {
      const write = slow.store.transaction((tx) => tx.insertEvent(sampleEvent(1)))
      await turn()
      const read = slow.store.transaction((tx) => tx.findEvent(uuid(4, 1)))
      const refused = track(
        slow.store.transaction(async () => {
          throw new Error('mine')
        }),
      )
      const readState = track(read)
      await turn()
      expect([readState.settled, refused.settled]).toEqual([false, false])
      held.release()
      await write
      expect((await read)?.id).toBe(uuid(4, 1))
      expect(held.started).toBe(1)
      await slow.end()
    })

    test('a body that only reads settles at once when nothing waits for the disk', async () => {
      expect(await slow.store.transaction((tx) => tx.findFlow(uuid(1, 7)))).toBeUndefined()
      expect(held.started).toBe(0)
      await slow.end()
    })

    test('closing settles everything that was taken, and refuses what comes after', async () => {
      const writes = Array.from({ length: 600 }, (_, n) => slow.store.transaction((tx) => tx.insertEvent(sampleEvent(n))))
      const ended = slow.end()
      await expect(slow.store.transaction(async () => 1)).rejects.toMatchObject({ code: 'shutting_down' })
      let open = true
      ended.then(() => {
        open = false
      })
      while (open) {
        held.release()
        await turn()
      }
      expect((await Promise.all(writes)).every((isNew) => isNew)).toBe(true)
    })
  })
}
