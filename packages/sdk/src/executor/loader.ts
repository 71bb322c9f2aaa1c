import type { AnyFlow } from '../flow/flow.ts'

export type Load = () => AnyFlow | Promise<AnyFlow>

/** Loads the code once. What is loaded is there at once; what failed is tried again by the next run. */
export function createLoader(load: Load): Load {
  let loaded: AnyFlow | undefined
  let loading: Promise<AnyFlow> | undefined
  return () => {
    if (loaded) return loaded
    if (loading) return loading
    const result = load()
    if (!(result instanceof Promise)) {
      loaded = result
      return result
    }
    loading = result.finally(() => {
      loading = undefined
    })
    return loading.then((flow) => {
      loaded = flow
      return flow
    })
  }
}
