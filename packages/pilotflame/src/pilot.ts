#!/usr/bin/env node
/**
 * What `pilot` starts from. What a file imports is loaded before its first line runs, and an older Node cannot load the
 * rest: so this one imports only the look at the Node, and keeps to syntax that Node 14 reads.
 */
import { tooOld } from './cli/node-version.ts'

const why = tooOld(process.versions.node)
if (why === undefined) import('./cli/main.ts')
else {
  process.stderr.write(`${why}\n`)
  process.exitCode = 2
}
