/** Writes docs/compatibility.md: `node packages/core/scripts/write-compatibility.ts`. */
import { writeFileSync } from 'node:fs'
import { compatibilityPage } from '../src/api/compatibility.ts'

writeFileSync(new URL('../../../docs/compatibility.md', import.meta.url), compatibilityPage())
