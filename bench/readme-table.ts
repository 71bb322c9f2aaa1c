/**
 * Puts the table of bench/results.json into the README, between its two marks. With `--check` it changes nothing
 * and fails when the README holds another one.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Row } from './numbers/row.ts'
import { markdownTable } from './report/markdown-table.ts'
import { figuresText, ratioText } from './report/numbers-as-text.ts'
import { findResults, type Results } from './report/results.ts'
import { targetText } from './report/terminal-table.ts'

const README = new URL('../README.md', import.meta.url)
const START = '<!-- bench:start -->'
const END = '<!-- bench:end -->'

const cellsOf = (row: Row): string[] => [
  row.title,
  figuresText(row.floor, row.unit),
  figuresText(row.product, row.unit),
  ratioText(row),
  row.targets.map(targetText).join(', '),
]

export function readmeTable({ rows, machine, versions, date, commit }: Results): string {
  const head = ['p50 / p95 / p99', 'floor', 'Pilotflame', 'over the floor', 'target']
  const where = `Measured ${date} at ${commit} on ${machine.cores} cores (${machine.cpu}), ${machine.memory_gb} GB, ${machine.system}; flush of the disk ${machine.fdatasync_ms} ms, loopback round trip ${machine.loopback_ms} ms; Node ${versions.node}, SQLite ${versions.sqlite}. \`npm run bench\` makes this table.`
  return `${markdownTable(head, rows.map(cellsOf))}\n\n${where}`
}

/** The README with `table` between the marks. Throws when they are not there. */
export function insertTable(readme: string, table: string): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start === -1 || end < start)
    throw new Error(`README.md has no "${START}" with "${END}" behind it: put both where the table belongs.`)
  return `${readme.slice(0, start + START.length)}\n${table}\n${readme.slice(end)}`
}

/** Throws when the README holds another table than the results. */
export function checkReadme(readme: string, results: Results): void {
  if (insertTable(readme, readmeTable(results)) === readme) return
  throw new Error('The table in README.md is not the one of bench/results.json: run "node bench/readme-table.ts".')
}

export function updateReadme(results: Results): void {
  writeFileSync(README, insertTable(readFileSync(README, 'utf8'), readmeTable(results)))
}

function main(): void {
  const results = findResults()
  if (!results) throw new Error('There is no bench/results.json yet: run "npm run bench".')
  if (process.argv.includes('--check')) checkReadme(readFileSync(README, 'utf8'), results)
  else updateReadme(results)
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
