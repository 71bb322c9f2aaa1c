/**
 * Which packages become part of a bundle: Pilotflame itself, and packages of the user's own workspace, which are linked
 * and not installed. All others stay where they are: they may look for files beside them, or be compiled.
 */
import { isBuiltin } from 'node:module'
import { sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild'

const ASKED = Symbol('asked by this plugin')
const BARE = /^[^./]/
/** What a process of a host never needs, or only where its server is on another machine: it stays with Pilotflame. */
const STAYS = /[/\\](?:websocket|start-host)[-.][^/\\]*$/
/**
 * Node's own modules are taken as `require` takes them. An import of one evaluates all of its names, late ones too:
 * `node:http` brings `fetch` with it (35 ms of CPU), `node:crypto` WebCrypto.
 */
const BUILTIN = 'builtin'
const INSTALLED = `${sep}node_modules${sep}`
const OURS = `${INSTALLED}pilotflame${sep}`

const isPilotflame = (name: string): boolean => name === 'pilotflame' || name.startsWith('@pilotflame/')

async function resolvePackage(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  const { path, resolveDir, kind, importer, with: attributes } = args
  const found = await build.resolve(path, { resolveDir, kind, importer, with: attributes, pluginData: ASKED })
  if (found.errors.length > 0) return { path, external: true } // it may be optional: Node says so when it is asked for
  const installed = found.path.includes(INSTALLED)
  const part = isPilotflame(path) || importer.includes(OURS) || !installed
  return part && !found.external ? undefined : { path, external: true }
}

async function resolveLate(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  const { path, resolveDir, kind, importer } = args
  const found = await build.resolve(path, { resolveDir, kind, importer, pluginData: ASKED })
  return STAYS.test(found.path) ? { path: pathToFileURL(found.path).href, external: true } : undefined
}

export const bundleOwnPackages: Plugin = {
  name: 'bundle-own-packages',
  setup(build) {
    build.onResolve({ filter: BARE }, (args) => {
      if (args.pluginData === ASKED || args.kind === 'entry-point') return undefined
      if (isBuiltin(args.path)) return { path: args.path, namespace: BUILTIN }
      return resolvePackage(build, args)
    })
    build.onLoad({ filter: /^/, namespace: BUILTIN }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
    build.onResolve({ filter: STAYS }, (args) => {
      if (args.pluginData === ASKED || args.kind !== 'dynamic-import') return undefined
      return resolveLate(build, args)
    })
  },
}
