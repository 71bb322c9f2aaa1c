import type { BatchFrame, Item, RunFrame } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { Outbox, type Refusal } from './outbox.ts'
import { Reporter } from './reporter.ts'

const FRAME: RunFrame = {
  type: 'run',
  run_id: 'r',
  epoch: 3,
  attempt: 2,
  deployment_id: 'd',
  name: 'brave-otter',
  parameters: {},
  tags: [],
  marks: { boot: 'b', at: {} },
  recorded: [],
}
const MEGABYTE = 'x'.repeat(1_000_000)

/** A reporter whose server is away until `connect` is called, and then takes everything but what `refuse` picks. */
function createReporter(refuse: (item: Item) => Refusal | undefined = () => undefined) {
  const outbox = new Outbox((flush) => queueMicrotask(flush))
  const sent: Item[] = []
  const events: string[] = []
  const reporter = new Reporter(FRAME, outbox, () => ({ boot: 'b', at: {} }), {
    refused: ({ code }) => void events.push(`refused ${code}`),
    acknowledged: () => void events.push('acknowledged'),
  })
  const send = ({ seq, items }: BatchFrame): void => {
    sent.push(...items)
    const refused = items.flatMap((item, index) => {
      const refusal = refuse(item)
      return refusal ? [{ index, ...refusal }] : []
    })
    queueMicrotask(() => outbox.acknowledge({ type: 'ack', seq, refused }))
  }
  return { outbox, reporter, sent, events, connect: () => outbox.attach(send) }
}

const describeItem = (item: Item): string =>
  item.kind === 'state' ? item.state.type : item.kind === 'log' ? item.message : item.kind === 'chunk' ? `${item.n}` : item.name

test('says Running first and its end last, and nothing after that', async () => {
  const { reporter, sent, events, outbox, connect } = createReporter()
  reporter.log(20, 'line', 'x', null)
  reporter.chunk('a')
  reporter.end({ state: { type: 'COMPLETED' }, result: 1 })
  reporter.chunk('b')
  reporter.log(20, 'late', 'x', null)
  reporter.end({ state: { type: 'FAILED' } })
  connect()
  await outbox.idle()
  expect(sent.map(describeItem)).toEqual(['RUNNING', 'line', '1', 'COMPLETED'])
  expect(new Set(sent.map(({ epoch }) => epoch))).toEqual(new Set([3]))
  expect(events).toEqual(['acknowledged'])
})

test('drops lines while too much is held back, and says how many', async () => {
  const { reporter, sent, outbox, connect } = createReporter()
  for (let n = 0; n < 64; n++) reporter.chunk(MEGABYTE)
  expect(outbox.full).toBe(true)
  for (let n = 0; n < 5; n++) reporter.log(20, `line ${n}`, 'x', null)
  connect()
  await outbox.room()
  reporter.log(20, 'after', 'x', null)
  await outbox.idle()
  const lines = sent.filter(({ kind }) => kind === 'log').map(describeItem)
  expect(lines).toEqual(["5 lines of this run's log were dropped while the server was away.", 'after'])
})

test('a stream that nobody awaits ends at 128 MB', () => {
  const { reporter } = createReporter()
  const stream = () => {
    for (let n = 0; n < 200; n++) reporter.chunk(MEGABYTE)
  }
  expect(stream).toThrow('128 MB')
})

test('a refused result becomes a failure, so that the run is not Running for ever', async () => {
  const { reporter, sent, outbox, connect, events } = createReporter((item) =>
    item.kind === 'state' && item.state.type === 'COMPLETED' ? { code: 'payload_too_large', message: 'Too large.' } : undefined,
  )
  reporter.enterRunning()
  reporter.end({ state: { type: 'COMPLETED' }, result: 1 })
  connect()
  await outbox.idle()
  expect(sent.map(describeItem)).toEqual(['RUNNING', 'COMPLETED', 'FAILED'])
  expect(events).toEqual(['acknowledged'])
})

test('a record that is refused rejects with its code', async () => {
  const refusal = { code: 'stale_lease', message: 'Lease 3 has ended.' }
  const { reporter, connect, events } = createReporter((item) => (item.kind === 'task' ? refusal : undefined))
  connect()
  const record = reporter.record({
    task_run_id: 't',
    task_key: 'step',
    dynamic_key: 'k',
    name: 'step-0',
    state: { type: 'COMPLETED' },
    run_count: 1,
    result: 1,
  })
  await expect(record).rejects.toMatchObject({ code: 'stale_lease' })
  expect(events).toEqual(['refused stale_lease'])
})
