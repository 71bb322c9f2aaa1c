/** A user's project in a folder: the built package as it would be installed, and a file of flows. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGE = join(ROOT, 'packages', 'pilotflame')

export interface Project {
  /** The file of the command `pilot`. */
  readonly pilot: string
  /** The copy of the file of flows. */
  readonly flows: string
}

export function makeProject(folder: string, flowsFile: string): Project {
  const installed = join(folder, 'node_modules', 'pilotflame')
  mkdirSync(installed, { recursive: true })
  cpSync(join(PACKAGE, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(PACKAGE, 'package.json'), join(installed, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules', 'esbuild'), join(folder, 'node_modules', 'esbuild'))
  const flows = join(folder, basename(flowsFile))
  cpSync(flowsFile, flows)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return { pilot: join(installed, 'dist', 'pilot.js'), flows }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
