/** What the bench can be told. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface Options {
  readonly quick: boolean
  /** Names of groups; all where empty. */
  readonly only: readonly string[]
  /** Measures no rows, but where the server's own time goes on the path. */
  readonly profile: boolean
  /** The folder of the bundles to measure. Default: those of this tree. */
  readonly bundles: string
}

export const BUNDLES = join(import.meta.dirname, '..', 'packages', 'pilotflame', 'dist')

/** Throws a sentence for what it does not know. */
export function readOptions(args: readonly string[], groups: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      profile: { type: 'boolean', default: false },
      bundles: { type: 'string', default: BUNDLES },
    },
  })
  const only = [...values.only, ...positionals]
  const unknown = only.find((name) => !groups.includes(name))
  if (unknown !== undefined) throw new Error(`There is no group "${unknown}": use ${groups.join(', ')}.`)
  return { ...values, only, bundles: resolve(values.bundles) }
}
