/** Writes docs/compatibility.md: `node packages/core/scripts/write-compatibility.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { compatibilityPage, type TestedBy } from '../src/api/compatibility.ts'

const root = new URL('../../../', import.meta.url)
const cases = JSON.parse(readFileSync(new URL('tests/conformance/operations.json', root), 'utf8')) as TestedBy
writeFileSync(new URL('docs/compatibility.md', root), compatibilityPage(cases))
