/**
 * Tells of files of a folder that changed, gathered for a moment: editors write a file in several steps, or put a new
 * one in its place. Each folder is watched for itself, because a watched file that was replaced is not seen again.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

const GATHER_MS = 60
const isSkipped = (name: string): boolean => name === 'node_modules' || name.startsWith('.')

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() && !isSkipped(entry.name)).map(({ name }) => join(folder, name))
  } catch {
    return [] // no folder, or gone meanwhile
  }
}

/** Returns a way to stop. */
export function watchFolder(folder: string, onChange: (paths: ReadonlySet<string>) => void): () => void {
  const watchers = new Map<string, FSWatcher>()
  let changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  const tell = (): void => {
    const paths = changed
    changed = new Set()
    onChange(paths)
  }
  const forget = (path: string): void => {
    watchers.get(path)?.close()
    watchers.delete(path)
  }
  const add = (path: string): void => {
    if (watchers.has(path)) return
    const watcher = watch(path, (kind, name) => {
      if (name === null || isSkipped(name)) return
      const file = join(path, name)
      // It came, went, or was replaced: where it is a folder, what is in it is watched too.
      if (kind === 'rename') for (const below of [file, ...foldersIn(file)]) refresh(below)
      changed.add(file)
      clearTimeout(timer)
      timer = setTimeout(tell, GATHER_MS)
    })
    watcher.on('error', () => forget(path)) // the folder is gone
    watchers.set(path, watcher)
    for (const below of foldersIn(path)) add(below)
  }
  const refresh = (path: string): void => {
    forget(path)
    try {
      readdirSync(path)
      add(path)
    } catch {
      // a file
    }
  }

  add(folder)
  return () => {
    clearTimeout(timer)
    for (const path of [...watchers.keys()]) forget(path)
  }
}
