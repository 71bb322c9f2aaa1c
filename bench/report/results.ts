/** The results file: everything that was measured, and on what. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Row } from '../numbers/row.ts'
import type { Machine, Versions } from './machine.ts'

export interface Results {
  /** The day, as `2026-11-24`. */
  readonly date: string
  readonly commit: string
  readonly quick: boolean
  /** False when another bench ran at the same time. */
  readonly alone: boolean
  readonly machine: Machine
  readonly versions: Versions
  readonly rows: readonly Row[]
}

export const RESULTS_FILE = new URL('../results.json', import.meta.url)

export const writeResults = (file: URL | string, results: Results): void =>
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)

/** Undefined while the bench has not been run. */
export function findResults(file: URL | string = RESULTS_FILE): Results | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
