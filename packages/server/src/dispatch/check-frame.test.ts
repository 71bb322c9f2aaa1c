/** What an executor of another version, or a broken one, may send: refused with a sentence, and never believed. */
import { expect, test } from 'vitest'
import { checkFrame } from './check-frame.ts'

const ID = '01a20cdc-73f4-737d-a897-000000000001'

const offer = {
  flow_name: 'answer',
  name: 'main',
  version: 'v1',
  entrypoint: null,
  description: null,
  tags: ['a'],
  parameters: {},
  parameter_schema: null,
  triggers: [{ trigger: { expect: ['chat.message'] } }],
  retries: 0,
  retry_delay_ms: 0,
}
const hello = {
  type: 'hello',
  protocol: 1,
  session_id: null,
  name: 'test.ts',
  host: 'here',
  pid: 1,
  boot_id: 'b',
  sdk_version: '0',
  limit: 10,
  deployments: [offer],
  holds: [{ run_id: ID, epoch: 1 }],
}
const ofRun = { run_id: ID, epoch: 1 }
const state = { ...ofRun, kind: 'state', id: ID, state: { type: 'RUNNING' }, marks: { boot: 'b', at: { first_line: 1.5 } } }
const task = {
  ...ofRun,
  kind: 'task',
  id: ID,
  task_run_id: ID,
  task_key: 'look-up',
  dynamic_key: '0',
  name: 'look-up-0',
  state: { type: 'COMPLETED' },
  run_count: 1,
  at: 1,
}
const log = { ...ofRun, kind: 'log', id: ID, task_run_id: null, name: 'console', level: 20, message: 'a line', at: 1 }
const chunk = { ...ofRun, kind: 'chunk', attempt: 1, n: 1, text: 'a word' }
const batch = (item: unknown) => ({ type: 'batch', seq: 1, items: [item] })

test.for([hello, batch(state), batch(task), batch(log), batch(chunk), { type: 'beat', session_id: ID }, { type: 'drain' }])(
  'a whole frame is read as it is: $type',
  (frame) => expect(checkFrame(frame)).toBe(frame),
)

test.for<[string, object, RegExp]>([
  ['a state of no known type', batch({ ...state, state: { type: 'BOGUS' } }), /an item of kind "state" with wrong fields/],
  ['a state whose details are a text', batch({ ...state, state: { type: 'RUNNING', details: 'x' } }), /kind "state"/],
  ['marks without a boot', batch({ ...state, marks: { at: {} } }), /kind "state"/],
  ['a mark that is a text', batch({ ...state, marks: { boot: 'b', at: { first_line: '1' } } }), /kind "state"/],
  ['a task in no known state', batch({ ...task, state: { type: 'DONE' } }), /kind "task"/],
  ['a fraction as a count', batch({ ...task, run_count: 1.5 }), /kind "task"/],
  ['a line without a text', batch({ ...log, message: 1 }), /kind "log"/],
  ['a kind that there is not', batch({ ...chunk, kind: 'blob' }), /kind "blob"/],
  ['an item of no run', batch({ ...chunk, run_id: undefined }), /without run_id or epoch/],
  ['no list of items', { type: 'batch', seq: 1 }, /a batch without items/],
  ['another protocol', { ...hello, protocol: 2 }, /protocol 2, and this server speaks 1/],
  ['no limit', { ...hello, limit: undefined }, /missing fields/],
  [
    'a deployment without a version',
    { ...hello, deployments: [{ ...offer, version: 7 }] },
    /a deployment with wrong fields.*"version":7/,
  ],
  ['tags that are no list', { ...hello, deployments: [{ ...offer, tags: 'a' }] }, /a deployment with wrong fields/],
  ['a trigger without a trigger', { ...hello, deployments: [{ ...offer, triggers: [{}] }] }, /a deployment with wrong fields/],
  ['half a retry', { ...hello, deployments: [{ ...offer, retries: 0.5 }] }, /a deployment with wrong fields/],
  ['a run that is held without its epoch', { ...hello, holds: [{ run_id: ID }] }, /something that is no run/],
  ['a beat of nobody', { type: 'beat' }, /a beat without session_id/],
  ['a type that there is not', { type: 'shout' }, /a frame of type "shout"/],
])('%s is refused', ([, frame, sentence]) => expect(() => checkFrame(frame)).toThrow(sentence))

test('what is no object is refused', () => expect(() => checkFrame('no JSON')).toThrow(/no object.*same version of pilotflame/))
