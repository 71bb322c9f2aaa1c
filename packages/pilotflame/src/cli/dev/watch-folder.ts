/** Tells of files of a folder that changed, gathered for a moment: editors write a file in several steps. */
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

const GATHER_MS = 60

/** Returns a way to stop. */
export function watchFolder(folder: string, onChange: (paths: ReadonlySet<string>) => void): () => void {
  let changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    const paths = changed
    changed = new Set()
    timer = undefined
    onChange(paths)
  }
  const watcher: FSWatcher = watch(folder, { recursive: true }, (_, name) => {
    if (name === null || /(^|[/\\])(node_modules|\.)/.test(name)) return
    changed.add(join(folder, name))
    clearTimeout(timer)
    timer = setTimeout(tell, GATHER_MS)
  })
  watcher.on('error', () => undefined) // a folder that is gone while it is watched
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
