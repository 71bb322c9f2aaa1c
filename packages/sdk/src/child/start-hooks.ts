/** `onStart`: what a process does once before it takes runs, and undoes before it leaves. */

/** Undoes what `onStart` did. */
export type CleanUp = () => unknown

/** May return, or promise, a clean-up. */
export type OnStart = () => unknown

/** 5 s: a clean-up that takes longer is not waited for. */
const CLEAN_UP_MS_MAX = 5_000

/**
 * Calls them one after the other. Returns a way to clean up, the last one first; it settles, whatever the clean-ups do.
 * When one throws, what came before it is cleaned up, and its error is thrown.
 */
export async function runStartHooks(hooks: readonly OnStart[], onFailure: (text: string) => void): Promise<() => Promise<void>> {
  const cleanUps: CleanUp[] = []
  const cleanUp = () => withinTime(undo(cleanUps.splice(0).reverse(), onFailure), onFailure)
  try {
    for (const hook of hooks) {
      const returned = await hook()
      if (typeof returned === 'function') cleanUps.push(returned as CleanUp)
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
  return cleanUp
}

async function undo(cleanUps: readonly CleanUp[], onFailure: (text: string) => void): Promise<void> {
  for (const cleanUp of cleanUps) {
    try {
      await cleanUp()
    } catch (error) {
      onFailure(`The clean-up of onStart failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

async function withinTime(work: Promise<void>, onFailure: (text: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      onFailure(`The clean-up of onStart took longer than ${CLEAN_UP_MS_MAX / 1000} s, and is not waited for.`)
      resolve()
    }, CLEAN_UP_MS_MAX)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
