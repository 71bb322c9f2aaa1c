/** `pilot db prune`: what retention does by itself, now and for any age. */
import { AppError, type PruneWire } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { parseDuration } from '../durations.ts'
import { EXIT } from '../errors.ts'

export interface PruneOptions {
  readonly dryRun?: boolean
  readonly olderThan?: string
}

function readAge(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  throw new AppError('invalid_request', `--older-than is "${text}". Give a length of time such as 7d, 12h, 30m or 45s.`)
}

const WORDS: Readonly<Record<keyof PruneWire['removed'], string>> = {
  flow_runs: 'runs',
  flow_run_states: 'states of runs',
  results: 'results',
  task_runs: 'task runs',
  task_run_states: 'states of task runs',
  logs: 'lines of logs',
  chunks: 'chunks of streams',
  events: 'events',
  verdicts: 'verdicts',
  windows: 'windows of triggers',
}

export async function prune({ client, out }: Context, { dryRun = false, olderThan }: PruneOptions): Promise<number> {
  const age = olderThan === undefined ? {} : { older_than_ms: readAge(olderThan) }
  const pruned = await client.prune({ dry_run: dryRun, ...age })
  out.document(pruned)
  const rows = Object.values(pruned.removed).reduce((sum, count) => sum + count, 0)
  if (pruned.runs_before === null && pruned.events_before === null) {
    out.line('The server keeps everything. Name an age: pilot db prune --older-than 7d')
  } else if (rows === 0) out.line('Nothing is that old.')
  else {
    out.line(out.colors.bold(dryRun ? 'This would be removed:' : 'Removed:'))
    const shown = Object.entries(WORDS) as [keyof PruneWire['removed'], string][]
    out.fields(shown.filter(([kind]) => pruned.removed[kind] > 0).map(([kind, words]) => [words, String(pruned.removed[kind])]))
  }
  return EXIT.done
}
