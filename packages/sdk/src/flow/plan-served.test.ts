import { expect, test } from 'vitest'
import { hostPlaces } from '../ready-line.ts'
import { flow } from './flow.ts'
import type { DeploymentOptions } from './options.ts'
import { planServed } from './plan-served.ts'
import type { ProcessOptions } from './process-options.ts'

const one = (options: DeploymentOptions = {}) => flow('one', () => 1, { timeoutMs: 70 }).toDeployment(options)
const two = (options: DeploymentOptions = {}) => flow('two', () => 2).toDeployment(options)
const planOf = (options: ProcessOptions) => planServed([one()], options)?.[0]?.plan

function refuses(options: ProcessOptions, sentence: string): void {
  expect(() => planServed([one()], options)).toThrow(sentence)
}

test('without isolation there is nothing to plan', () => {
  expect(planServed([one(), two({ onStart: () => undefined })], {})).toBeUndefined()
})

test('the defaults', () => {
  expect(planOf({ isolation: 'fresh' })).toEqual({
    isolation: 'fresh',
    warm: { min: 1, max: 8, idleMs: 60_000 },
    memoryMbMax: 512,
    timeoutMs: 70,
    cancelGraceMs: 5_000,
    killGraceMs: 2_000,
    runsMax: 1_000,
    ageMsMax: 3_600_000,
    env: {},
  })
})

test('one bound of warm moves the other, where it must', () => {
  expect(planOf({ isolation: 'fresh', warm: { min: 12 } })?.warm).toMatchObject({ min: 12, max: 12 })
  expect(planOf({ isolation: 'fresh', warm: { min: 0 } })?.warm).toMatchObject({ min: 0, max: 8 })
  expect(planOf({ isolation: 'fresh', warm: { max: 1 } })?.warm).toMatchObject({ min: 1, max: 1 })
})

test('what a deployment says comes before what serve says for all', () => {
  const hosted = planServed([one({ memoryMbMax: 128, env: { A: 'own', C: '3' }, warm: { min: 3 } }), two()], {
    isolation: 'reuse',
    memoryMbMax: 256,
    runsMax: 5,
    env: { A: 'all', B: '2' },
    warm: { min: 2, max: 6 },
  })
  expect(hosted?.map(({ plan: { memoryMbMax, env, warm, runsMax } }) => ({ memoryMbMax, env, warm, runsMax }))).toEqual([
    { memoryMbMax: 128, env: { A: 'own', B: '2', C: '3' }, warm: { min: 3, max: 6, idleMs: 60_000 }, runsMax: 5 },
    { memoryMbMax: 256, env: { A: 'all', B: '2' }, warm: { min: 2, max: 6, idleMs: 60_000 }, runsMax: 5 },
  ])
})

test('a version that the user names is kept; otherwise the host finds one', () => {
  const hosted = planServed([one({ version: 'v1' }), two()], { isolation: 'fresh' })
  expect(hosted?.map(({ versionGiven }) => versionGiven)).toEqual([true, false])
})

test('all of them have isolation, or none', () => {
  expect(() => planServed([one({ isolation: 'fresh' }), two()], {})).toThrow('two/two would share this process')
})

test('what makes no sense is refused', () => {
  refuses({ isolation: 'new' as 'fresh' }, '"isolation" is "new". Give "fresh" or "reuse"')
  refuses({ warm: { min: 1 } }, '"warm" is about processes of their own. Give isolation: "fresh"')
  refuses({ env: { A: '1' } }, '"env" is about processes of their own')
  refuses({ isolation: 'fresh', runsMax: 2 }, '"runsMax" is about processes that take several runs')
  refuses({ isolation: 'fresh', warm: { min: 3, max: 2 } }, '"warm.min" is 3, more than "warm.max" (2)')
  refuses({ isolation: 'fresh', warm: { max: 0 } }, '"warm.max" is 0. Give a whole number from 1.')
  refuses({ isolation: 'fresh', warm: { min: 1.5 } }, '"warm.min" is 1.5')
  refuses({ isolation: 'fresh', memoryMbMax: 8 }, '"memoryMbMax" is 8. Give a whole number from 64.')
  refuses({ isolation: 'fresh', cancelGraceMs: -1 }, '"cancelGraceMs" is -1')
  refuses({ isolation: 'fresh', env: { A: 1 as unknown as string } }, '"env.A" is no text')
  refuses({ isolation: 'fresh', env: { 'A=B': '1' } }, 'which is no variable')
  refuses({ onStart: 'x' as unknown as () => undefined }, '"onStart" is no function')
})

test('the ready line says how many are warm', () => {
  const warm = { min: 2, max: 4, idleMs: 1 }
  expect(hostPlaces([{ isolation: 'fresh', warm }])).toBe('fresh processes, 2 warm')
  expect(hostPlaces([{ isolation: 'reuse', warm }])).toBe('reused processes, 2 warm')
  expect(
    hostPlaces([
      { isolation: 'reuse', warm },
      { isolation: 'fresh', warm },
    ]),
  ).toBe('fresh and reused processes, 4 warm')
})
