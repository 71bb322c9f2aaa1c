/** `pilot run timeline`: where the time of each attempt went, drawn as a waterfall. */
import type { TimelineWire } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import type { Output } from '../output.ts'
import { resolveRun } from '../resolve-run.ts'
import { bar, paintState, sayState } from '../say.ts'

const BAR_MAX = 60
/** Columns that mark, times and gaps take. */
const TEXT = 14 + 2 + 10 + 2 + 10 + 2

type Attempt = TimelineWire['attempts'][number]

function showAttempt(out: Output, { marks }: Attempt): void {
  const total = marks.at(-1)?.at_ms ?? 0
  const room = Math.max(0, Math.min(BAR_MAX, out.width - TEXT))
  out.table(
    [
      { title: 'MARK', keep: 100 },
      { title: 'AT (ms)', align: 'right', keep: 90, min: 7 },
      { title: 'TOOK (ms)', align: 'right', keep: 80, min: 9 },
      { title: '', keep: 1, drawn: true, min: Math.min(room, 8), paint: out.colors.cyan },
    ],
    marks.map((part) => [part.mark, part.at_ms.toFixed(3), part.took_ms.toFixed(3), bar(part, total, room)]),
  )
}

export async function showTimeline({ client, out }: Context, name: string): Promise<number> {
  const run = await resolveRun(client, name)
  const timeline = await client.timeline(run.id)
  out.document(timeline)
  const state = paintState(run.state_type, sayState(run.state_type, run.state_name), out.colors)
  out.line(`${out.colors.bold(run.name)} ${state}`)
  if (timeline.attempts.length === 0) out.line('It has not started yet: there are no marks.')
  for (const attempt of timeline.attempts) {
    if (timeline.attempts.length > 1) out.line(out.colors.dim(`attempt ${attempt.attempt}`))
    showAttempt(out, attempt)
  }
  return EXIT.done
}
