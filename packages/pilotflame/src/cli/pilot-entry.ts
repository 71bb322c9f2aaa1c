/** The file that `pilot` is started from: beside the bundle that holds this, or above it in the sources. */
import { join } from 'node:path'

export const pilotEntry = (): string =>
  import.meta.filename.endsWith('.ts') ? join(import.meta.dirname, '..', 'pilot.ts') : join(import.meta.dirname, 'pilot.js')
