/**
 * What has to be true after a round of kills. Pure: facts go in, what is wrong comes out, one sentence each.
 *
 * 1. An acknowledged event has verdicts, and has started exactly one run, however often it was sent.
 * 2. Each run has ended, once: nothing follows a final state.
 * 3. A task's side effect is not done again after its result was recorded.
 * 4. What a completed run returned is what was recorded.
 * 5. All viewers of a run were told the same bytes, whenever they came and however often their line broke.
 * 6. The text of two attempts is never glued: between them stands that the first one ended; and the last attempt of a
 *    completed run has said all of it.
 * 7. A run that is being cancelled is Cancelled in the end, whatever becomes of its process.
 * 8. A run that never ends by itself is ended, by its time or with its process.
 * 9. No side effect is done after a run is Cancelled (I10).
 */
export interface EffectLine {
  readonly kind: 'effect' | 'done'
  readonly run: string
  readonly attempt: number
  readonly task?: string
  readonly token?: string
  readonly pid: number
  /** Of the wall clock, in milliseconds. */
  readonly atMs: number
}

export interface RunFacts {
  readonly id: string
  readonly event: string
  /** `TYPE/Name` of each state, oldest first. */
  readonly states: readonly string[]
  /** When it was Cancelled, in milliseconds of the wall clock; null when it was not. */
  readonly cancelledAtMs: number | null
  /** Task → the token that was recorded. */
  readonly recorded: ReadonlyMap<string, string>
  /** What the run returned. */
  readonly result: readonly string[] | null
  /** What each of its viewers was told. */
  readonly told: readonly string[]
}

export interface RoundFacts {
  readonly acknowledged: readonly string[]
  /** Event → the runs that its verdicts name. */
  readonly verdicts: ReadonlyMap<string, readonly string[]>
  readonly runs: ReadonlyMap<string, RunFacts>
  readonly effects: readonly EffectLine[]
  /** Runs whose event ran on a deployment that tries again for ever. */
  readonly mustComplete: (run: RunFacts) => boolean
  /** Runs whose code loops for ever. */
  readonly isEndless: (run: RunFacts) => boolean
}

/** Two processes read the same clock, and one rounds. */
const CLOCKS_MS = 20

const FINAL = /^(COMPLETED|FAILED|CRASHED|CANCELLED)\//

function checkEvent(event: string, { verdicts, runs }: RoundFacts): string[] {
  const started = verdicts.get(event)
  if (started === undefined) return [`event ${event} was acknowledged and has no verdict`]
  if (started.length !== 1) return [`event ${event} has started ${started.length} runs`]
  const missing = started.filter((run) => !runs.has(run))
  return missing.map((run) => `run ${run} of event ${event} is gone`)
}

function checkStates(run: RunFacts, { mustComplete, isEndless }: RoundFacts): string[] {
  const wrong: string[] = []
  const finals = run.states.filter((state) => FINAL.test(state))
  const last = run.states.at(-1) ?? 'none'
  const said = `(${run.states.join(', ')})`
  if (!FINAL.test(last)) wrong.push(`run ${run.id} has not ended ${said}`)
  if (finals.length > 1) wrong.push(`run ${run.id} has ended ${finals.length} times ${said}`)
  if (mustComplete(run) && FINAL.test(last) && !last.startsWith('COMPLETED/')) {
    wrong.push(`run ${run.id} has retries left, and ended as ${last} ${said}`)
  }
  if (isEndless(run) && (last.startsWith('COMPLETED/') || last === 'FAILED/Failed')) {
    wrong.push(`run ${run.id} loops for ever, and ended as ${last} ${said}`)
  }
  if (run.states.some((state) => state.startsWith('CANCELLING/')) && FINAL.test(last) && !last.startsWith('CANCELLED/')) {
    wrong.push(`run ${run.id} was being cancelled, and ended as ${last} ${said}`)
  }
  return wrong
}

function checkEffects(run: RunFacts, lines: readonly EffectLine[]): string[] {
  const wrong: string[] = []
  for (const [task, token] of run.recorded) {
    const done = lines.filter((line) => line.kind === 'effect' && line.task === task)
    const at = done.findIndex((line) => line.token === token)
    if (at === -1) wrong.push(`${task} of run ${run.id} has a result that no effect stands for`)
    for (const again of done.slice(at + 1)) {
      wrong.push(
        `${task} of run ${run.id} was recorded in attempt ${done[at]?.attempt}, and done again in attempt ${again.attempt}`,
      )
    }
  }
  return wrong
}

function checkCancelled({ id, cancelledAtMs }: RunFacts, lines: readonly EffectLine[]): string[] {
  if (cancelledAtMs === null) return []
  return lines
    .filter(({ atMs }) => atMs > cancelledAtMs + CLOCKS_MS)
    .map(({ kind, task, atMs }) => `${task ?? kind} of run ${id} was done ${atMs - cancelledAtMs} ms after it was Cancelled`)
}

function checkResult(run: RunFacts): string[] {
  if (!run.states.at(-1)?.startsWith('COMPLETED/')) return []
  const recorded = [...run.recorded].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, token]) => token)
  if (run.result !== null && run.result.join() === recorded.join()) return []
  return [`run ${run.id} returned ${JSON.stringify(run.result)}, and its tasks have recorded ${JSON.stringify(recorded)}`]
}

/** `1-3` of `id: 1-3\nevent: chunk\ndata: {"text":"[1:3]"}`, with the text. */
interface Told {
  readonly id: string
  readonly event: string
  readonly data: string
}

const field = (block: string, name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
const blocksOf = (told: string): Told[] =>
  told.split('\n\n').map((block) => ({ id: field(block, 'id'), event: field(block, 'event'), data: field(block, 'data') }))

function checkStream(run: RunFacts): string[] {
  const [first, ...others] = run.told
  if (first === undefined) return [`nobody has watched run ${run.id}`]
  const wrong = others
    .filter((one) => one !== first)
    .map((one) => `two viewers of run ${run.id} were told different things:\n${first}\n—\n${one}`)
  const blocks = blocksOf(first)
  if (blocks.at(-1)?.event !== 'end') wrong.push(`a viewer of run ${run.id} was not told its end`)
  let said: string[] = []
  let attempt = ''
  for (const { id, event, data } of blocks) {
    const of = id.split('-')[0] ?? ''
    if (event === 'chunk') {
      if (attempt !== '' && of !== attempt)
        wrong.push(`the text of attempts ${attempt} and ${of} of run ${run.id} is glued together`)
      attempt = of
      said.push((JSON.parse(data) as { text: string }).text)
    } else if (event === 'attempt_end') {
      attempt = ''
      said = []
    }
  }
  const complete = [...run.recorded.keys()].map((_, index) => `[${attempt}:${index + 1}]`)
  if (run.states.at(-1)?.startsWith('COMPLETED/') && said.join('') !== complete.join('')) {
    wrong.push(`run ${run.id} completed, and its last attempt has said ${said.join('')}`)
  }
  return wrong
}

export function checkRound(facts: RoundFacts): string[] {
  const byRun = Map.groupBy(facts.effects, ({ run }) => run)
  return [
    ...facts.acknowledged.flatMap((event) => checkEvent(event, facts)),
    ...[...facts.runs.values()].flatMap((run) => [
      ...checkStates(run, facts),
      ...checkEffects(run, byRun.get(run.id) ?? []),
      ...checkCancelled(run, byRun.get(run.id) ?? []),
      ...checkResult(run),
      ...checkStream(run),
    ]),
  ]
}
