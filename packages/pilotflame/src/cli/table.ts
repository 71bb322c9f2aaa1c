/** Tables that fit the terminal: long cells are cut first, then the least important columns go. */
import { cut, oneLine, textWidth } from './text-width.ts'

export interface Column {
  readonly title: string
  /** The narrowest it may become. Default: its title's width. */
  readonly min?: number
  readonly align?: 'right'
  /** Columns with a lower number go first when there is no room. Default: 10. */
  readonly keep?: number
  readonly paint?: (text: string) => string
  /** Its cells are drawings: blanks in them count. */
  readonly drawn?: true
}

const GAP = 2

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1)

/** The widths that the columns get, or `undefined` when even their smallest ones do not fit. */
function shrink(wanted: readonly number[], mins: readonly number[], columns: number): number[] | undefined {
  const widths = [...wanted]
  let excess = total(widths) - columns
  while (excess > 0) {
    let widest = -1
    widths.forEach((width, at) => {
      if (width > (mins[at] ?? 0) && (widest < 0 || width > (widths[widest] ?? 0))) widest = at
    })
    if (widest < 0) return undefined
    widths[widest] = (widths[widest] ?? 1) - 1
    excess -= 1
  }
  return widths
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at)
}

function leastKept(columns: readonly Column[]): number {
  let least = columns.length - 1
  columns.forEach((column, at) => {
    if ((column.keep ?? 10) < (columns[least]?.keep ?? 10)) least = at
  })
  return least
}

const pad = (text: string, width: number, right: boolean): string => {
  const blank = ' '.repeat(Math.max(0, width - textWidth(text)))
  return right ? blank + text : text + blank
}

/** The lines of a table, its titles first. `width` is the terminal's; `Infinity` cuts nothing. */
export function renderTable(options: {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  readonly width: number
  readonly paintTitle?: (text: string) => string
}): string[] {
  const { columns, width } = options
  const rows = options.rows.map((row) => row.map((cell, at) => (columns[at]?.drawn ? cell : oneLine(cell))))
  const wanted = columns.map(({ title }, at) => Math.max(textWidth(title), ...rows.map((row) => textWidth(row[at] ?? ''))))
  const mins = columns.map(({ title, min }, at) => Math.min(wanted[at] ?? 0, min ?? textWidth(title)))
  const widths = Number.isFinite(width) ? shrink(wanted, mins, width) : wanted
  if (!widths && columns.length > 1) {
    const gone = leastKept(columns)
    return renderTable({ ...options, columns: without(columns, gone), rows: rows.map((row) => without(row, gone)) })
  }
  const fitted = widths ?? [Math.max(1, width)]
  const line = (cells: readonly string[], paint: (text: string, column: Column) => string): string =>
    columns
      .map((column, at) => {
        const columnWidth = fitted[at] ?? 0
        return paint(pad(cut(cells[at] ?? '', columnWidth), columnWidth, column.align === 'right'), column)
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  const paintTitle = options.paintTitle ?? ((text) => text)
  return [
    line(
      columns.map(({ title }) => title),
      paintTitle,
    ),
    ...rows.map((row) => line(row, (text, { paint }) => paint?.(text) ?? text)),
  ]
}
