import type { Runnable } from '../flow/definition.ts'

export type Load = () => Runnable | Promise<Runnable>

/** Loads the code once. What is loaded is there at once; what failed is tried again by the next run. */
export function createLoader(load: Load): Load {
  let loaded: Runnable | undefined
  let loading: Promise<Runnable> | undefined
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
