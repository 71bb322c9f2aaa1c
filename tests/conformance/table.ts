/** What a run of the cases is told as: a table for people, and one JSON document for programs. */
import type { Case, Played } from './crew.ts'

export type Outcome = 'ok' | 'different on purpose' | 'failed'

export interface Row extends Played {
  readonly group: string
  readonly sentence: string
  readonly outcome: Outcome
  readonly different: string | null
  /** Which operations it asked for. */
  readonly operations: readonly string[]
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** On Prefect's own server nothing differs on purpose: a case that says so asserts Prefect's way there. */
export function outcomeOf({ ok }: Played, { different }: Case, reference: boolean): Outcome {
  if (!ok) return 'failed'
  return different !== null && !reference ? 'different on purpose' : 'ok'
}

/** One case as a line, and below it why it differs or what went wrong. */
export function rowLines(row: Row): string[] {
  const line = `  ${row.name.padEnd(44)} ${row.outcome.padEnd(20)} ${row.seconds.toFixed(1).padStart(5)} s`
  if (row.outcome === 'ok') return [line]
  const words = row.outcome === 'failed' ? oneLine(row.message).slice(0, 400) : (row.different ?? '')
  return [line, `      ${words}`]
}

/** All rows by group, and the counts below. */
export function tableLines(rows: readonly Row[], seconds: number): string[] {
  const groups = [...Map.groupBy(rows, ({ group }) => group)].sort(([a], [b]) => a.localeCompare(b))
  const count = (outcome: Outcome): number => rows.filter((row) => row.outcome === outcome).length
  return [
    ...groups.flatMap(([group, of]) => ['', group, ...of.flatMap(rowLines)]),
    '',
    `${rows.length} cases in ${seconds.toFixed(0)} s: ${count('ok')} ok, ${count('different on purpose')} different on purpose, ${count('failed')} failed`,
  ]
}
