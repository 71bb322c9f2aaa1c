/** `pilot event why`: which clause of an automation did or did not fit an event, and what it saw. */
import type { WhyWire } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import type { Output } from '../output.ts'
import { resolveAutomation } from '../resolve-named.ts'

const shown = (value: unknown): string => (value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value))

export function showWhy(out: Output, why: WhyWire): void {
  out.line(`${why.matched ? out.colors.green('✓') : out.colors.yellow('✗')} ${why.summary}`)
  if (why.clauses.length === 0) return
  out.table(
    [
      { title: '', keep: 100 },
      { title: 'CLAUSE', min: 10, keep: 90 },
      { title: 'WANTED', min: 8, keep: 80 },
      { title: 'SAW', min: 8, keep: 85 },
    ],
    why.clauses.map(({ clause, matched, wanted, saw }) => [matched ? '✓' : '✗', clause, shown(wanted), shown(saw)]),
  )
}

export async function explainEvent({ client, out }: Context, eventId: string, automation: string): Promise<number> {
  const { id } = await resolveAutomation(client, automation)
  const why = await client.why(eventId, id)
  out.document(why)
  showWhy(out, why)
  return EXIT.done
}
