/** Finds the run that people mean: by its name, the last 8 characters of its id, its id, or `latest`. */
import { AppError, type Client, type FlowRunWire, isUuid, nearest, shortId } from '@pilotflame/core'

export type RunReference =
  | { readonly kind: 'latest' }
  | { readonly kind: 'id'; readonly id: string }
  /** The end of an id, or a name that looks like one. */
  | { readonly kind: 'suffix'; readonly suffix: string }
  | { readonly kind: 'name'; readonly name: string }

export function readRunReference(text: string): RunReference {
  if (text === 'latest') return { kind: 'latest' }
  if (isUuid(text)) return { kind: 'id', id: text.toLowerCase() }
  if (/^[0-9a-f]{8}$/i.test(text)) return { kind: 'suffix', suffix: text.toLowerCase() }
  return { kind: 'name', name: text }
}

const RECENT_MAX = 200

async function candidates(client: Client, reference: RunReference): Promise<FlowRunWire[]> {
  const sort = 'ID_DESC' as const
  if (reference.kind === 'latest') return client.filterFlowRuns({ sort, limit: 1 })
  if (reference.kind === 'id') return client.filterFlowRuns({ flow_runs: { id: { any_: [reference.id] } }, limit: 1 })
  if (reference.kind === 'name') return client.filterFlowRuns({ flow_runs: { name: { any_: [reference.name] } }, sort, limit: 3 })
  const found = await client.filterFlowRuns({ flow_runs: { id: { suffix_: reference.suffix } }, sort, limit: 3 })
  return found.length > 0 ? found : client.filterFlowRuns({ flow_runs: { name: { any_: [reference.suffix] } }, sort, limit: 3 })
}

async function notFound(client: Client, text: string): Promise<AppError> {
  const recent = await client.filterFlowRuns({ sort: 'ID_DESC', limit: RECENT_MAX })
  if (recent.length === 0) {
    return new AppError(
      'run_not_found',
      'There is no run yet. Start one with "pilot deployment run NAME" or "pilot event emit NAME".',
    )
  }
  const near = nearest(
    text,
    recent.flatMap(({ name, id }) => [name, shortId(id)]),
  )
  const hint = near === undefined ? 'List runs with "pilot run ls".' : `Did you mean ${near}?`
  return new AppError('run_not_found', `There is no run "${text}". ${hint}`)
}

/** Throws `run_not_found` with the nearest name, or `ambiguous_name`. */
export async function resolveRun(client: Client, text: string): Promise<FlowRunWire> {
  const found = await candidates(client, readRunReference(text))
  const [run] = found
  if (!run) throw await notFound(client, text)
  if (found.length === 1) return run
  const ids = found.map(({ id }) => shortId(id)).join(', ')
  throw new AppError('ambiguous_name', `Several runs are called "${text}". Say which one by its id: ${ids}.`)
}
