/** `pilot run why`: what a run waits for, since when, and the command that mends it. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { resolveRun } from '../resolve-run.ts'
import { paintState, sayState } from '../say.ts'

export async function explainRun({ client, out }: Context, name: string): Promise<number> {
  const run = await resolveRun(client, name)
  const why = await client.whyRun(run.id)
  out.document(why)
  const state = paintState(why.state_type, sayState(why.state_type, why.state_name), out.colors)
  out.line(`${out.colors.bold(why.name)} ${state}`)
  out.sentence(why.summary)
  if (why.command !== null) out.line(`  ${out.colors.cyan(why.command)}`)
  return EXIT.done
}
