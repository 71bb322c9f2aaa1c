/** Which cases test an operation, for `docs/compatibility.md`. */
import type { Row } from './table.ts'

/** Every client of Prefect's asks these first, whatever it does: the cases that are about them. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  'GET /csrf-token': 'csrf_is_off',
  'GET /admin/version': 'health_and_version',
}
/** Enough to show that an operation is tested, and short enough to read. */
const CASES_MAX = 5

/** By operation the names of the cases that ask for it: those that ask for the fewest other things first. */
export function casesOfOperations(rows: readonly Row[]): Record<string, string[]> {
  const passed = rows.filter(({ outcome }) => outcome !== 'failed').toSorted((a, b) => a.operations.length - b.operations.length)
  const operations = [...new Set(passed.flatMap((row) => row.operations))].sort()
  return Object.fromEntries(operations.map((operation) => [operation, casesOf(operation, passed)]))
}

function casesOf(operation: string, rows: readonly Row[]): string[] {
  const names = rows.filter((row) => row.operations.includes(operation)).map(({ name }) => name)
  const about = EVERYWHERE[operation]
  return about && names.includes(about) ? [about] : names.slice(0, CASES_MAX)
}
