/** `pilot run logs`: what a run wrote, oldest first; with `--follow` until its end. */
import { type Client, isTerminal, type LogWire } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import type { Output } from '../output.ts'
import { resolveRun } from '../resolve-run.ts'
import { printable } from '../text-width.ts'

const PAGE = 200
// 200 ms: logs are not pushed to viewers, so a run that goes on is asked again; it starts nothing.
const PAUSE_MS = 200

const LEVELS: readonly (readonly [number, string])[] = [
  [40, 'ERROR'],
  [30, 'WARN'],
  [20, 'INFO'],
]

export const levelName = (level: number): string => LEVELS.find(([from]) => level >= from)?.[1] ?? 'DEBUG'

function showLog(out: Output, log: LogWire): void {
  out.item(log)
  if (out.json) return
  const { colors } = out
  const level = levelName(log.level)
  const paint = level === 'ERROR' ? colors.red : level === 'WARN' ? colors.yellow : colors.dim
  const time = log.timestamp.slice(11, 23)
  out.line(`${colors.dim(time)} ${paint(level.padEnd(5))} ${printable(log.message)}`)
}

/** Shows what is new, and says how many lines there are by now. */
async function showFrom(client: Client, out: Output, runId: string, offset: number): Promise<number> {
  let shown = offset
  for (;;) {
    const page = await client.logs({
      logs: { flow_run_id: { any_: [runId] } },
      sort: 'TIMESTAMP_ASC',
      limit: PAGE,
      offset: shown,
    })
    for (const log of page) showLog(out, log)
    shown += page.length
    if (page.length < PAGE) return shown
  }
}

export async function showLogs({ client, out }: Context, name: string, options: { readonly follow?: boolean }): Promise<number> {
  const run = await resolveRun(client, name)
  let shown = 0
  for (;;) {
    // Asked before the logs are: what a run wrote before its end is then not missed.
    const ended = isTerminal((await client.flowRun(run.id)).state_type)
    shown = await showFrom(client, out, run.id, shown)
    if (ended || options.follow !== true) break
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  if (shown === 0 && !out.json) out.note(`${run.name} has written no logs.`)
  return EXIT.done
}
