/** Reads a CPU profile of Node and adds up the time that each function spent in itself. */
export interface HotFunction {
  /** `name file:line`. */
  readonly name: string
  readonly selfMs: number
}

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

/** Functions by their own time, the longest first; waiting does not count. */
export function hotFunctions({ nodes, samples, timeDeltas }: CpuProfile): readonly HotFunction[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.split('/').at(-1) ?? ''
      return [id, `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`]
    }),
  )
  const selfMs = new Map<string, number>()
  samples.forEach((id, index) => {
    const name = names.get(id) ?? ''
    selfMs.set(name, (selfMs.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000)
  })
  return [...selfMs]
    .map(([name, ms]) => ({ name, selfMs: ms }))
    .filter(({ name }) => name !== '(idle)' && name !== '(root)')
    .sort((a, b) => b.selfMs - a.selfMs)
}
