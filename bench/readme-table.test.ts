import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { single } from './numbers/figures.ts'
import { atMost, row } from './numbers/row.ts'
import { checkReadme, insertTable, readmeTable } from './readme-table.ts'
import { findResults, type Results } from './report/results.ts'

const results: Results = {
  date: '2026-11-24',
  commit: '2d79f31',
  quick: false,
  alone: true,
  machine: { cpu: 'Some CPU', cores: 2, memory_gb: 8, system: 'linux 6.1', fdatasync_ms: 0.2, loopback_ms: 0.013 },
  versions: { node: '24.21.0', sqlite: '3.53.4' },
  rows: [
    row({
      id: 'path-gap-5',
      title: 'path',
      unit: 'ms',
      product: { n: 300, p50: 1.2, p95: 2, p99: 3.5 },
      floor: { n: 300, p50: 1, p95: 2, p99: 3 },
      targets: [atMost('p50 ≤ 1.5 × floor', 1.2, 1.5)],
    }),
    row({ id: 'memory-idle', title: 'memory', unit: 'MB', product: single(80) }),
  ],
}

test('the table has a line per row, and says what it was measured on', () => {
  const lines = readmeTable(results).split('\n')
  expect(lines[2]).toMatch(
    /^\| path +\| 1.00 \/ 2.00 \/ 3.00 ms \| 1.20 \/ 2.00 \/ 3.50 ms \| × 1.20 \/ 1.00 \/ 1.17 \| ✓ p50 ≤ 1.5 × floor \|$/,
  )
  expect(lines[3]).toMatch(/^\| memory +\| +\| 80.0 MB/)
  expect(new Set(lines.slice(0, 4).map(({ length }) => length)).size).toBe(1)
  expect(lines.at(-1)).toContain('on 2 cores (Some CPU), 8 GB, linux 6.1')
})

test('only what stands between the marks changes, and doing it again changes nothing', () => {
  const readme = '# A\n<!-- bench:start -->\nold\n<!-- bench:end -->\n\nrest\n'
  const once = insertTable(readme, readmeTable(results))
  expect(once.startsWith('# A\n<!-- bench:start -->\n| p50')).toBe(true)
  expect(once.endsWith('\n<!-- bench:end -->\n\nrest\n')).toBe(true)
  expect(once).not.toContain('old')
  expect(insertTable(once, readmeTable(results))).toBe(once)
  expect(() => checkReadme(once, results)).not.toThrow()
  expect(() => checkReadme(readme, results)).toThrow('node bench/readme-table.ts')
})

test('a README without the marks is refused with what to do', () => {
  expect(() => insertTable('# A', 'x')).toThrow('<!-- bench:start -->')
})

test('the README of this project holds the table of the last full run', () => {
  const last = findResults()
  if (last) checkReadme(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), last)
})
