/** `pilot config view`: every setting and where it came from. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'

export function viewConfig({ out, settings }: Context): number {
  out.document(Object.fromEntries(settings.list.map(({ name, value, source }) => [name, { value, source }])))
  const { bold, dim } = out.colors
  const from = (source: string): string => dim(source === 'default' ? 'default' : `from ${source}`)
  out.fields(settings.list.map(({ name, value, source }) => [name, `${bold(value === '' ? '-' : value)}  ${from(source)}`]))
  return EXIT.done
}
