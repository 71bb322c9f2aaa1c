/** `pilot config view`: every setting and where it came from. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'

export function viewConfig({ out, settings }: Context): number {
  out.document(Object.fromEntries(settings.list.map(({ name, value, source }) => [name, { value, source }])))
  out.table(
    [
      { title: 'SETTING', keep: 100 },
      { title: 'VALUE', min: 12, keep: 90, paint: out.colors.bold },
      { title: 'FROM', min: 10, keep: 80 },
    ],
    settings.list.map(({ name, value, source }) => [name, value === '' ? '-' : value, source]),
  )
  return EXIT.done
}
