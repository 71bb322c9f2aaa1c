/** A Markdown table whose columns line up, so that it reads well without being rendered, too. */
type Cells = readonly string[]

export function markdownTable(head: Cells, lines: readonly Cells[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...lines.map((line) => line[column] ?? '')].map((cell) => cell.length)),
  )
  const draw = (cells: Cells): string => `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  return [draw(head), draw(widths.map((width) => '-'.repeat(width))), ...lines.map(draw)].join('\n')
}
