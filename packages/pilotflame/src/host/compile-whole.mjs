/**
 * Loaded before the program in each process of a host (`node --import`): V8 compiles all functions of the bundle together
 * with it, and not each one when it is called for the first time. Node's cache of compiled code then holds all of them,
 * and no process compiles the user's functions while an event waits for them.
 */
import { realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// Node names a program by its real place.
const bundle = pathToFileURL(realpathSync(process.argv[1])).href

// V8 writes into a cache which flags it was compiled with, so what is not the bundle is compiled as ever. The bundle is
// the first module to be loaded; when it imports nothing, its own first statement puts the flag back.
const hooks = registerHooks({
  load(url, context, nextLoad) {
    if (url === bundle) setFlagsFromString('--no-lazy')
    else {
      setFlagsFromString('--lazy')
      hooks.deregister()
    }
    return nextLoad(url, context)
  },
})
