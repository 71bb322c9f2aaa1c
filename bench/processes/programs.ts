/**
 * The bench's own programs as plain JavaScript: Node's type stripping would cost a started server 40 ms and 17 MB
 * that no user pays.
 */
import { join } from 'node:path'
import { build, type Plugin, stop } from 'esbuild'

const HERE = import.meta.dirname
const NAMES = ['floor-server', 'floor-child', 'product-server', 'product-executor', 'run-lister'] as const
export type ProgramName = (typeof NAMES)[number]
export type Programs = Readonly<Record<ProgramName, string>>

export async function buildPrograms(folder: string): Promise<Programs> {
  await build({
    entryPoints: Object.fromEntries(NAMES.map((name) => [name, join(HERE, '..', `${name}.ts`)])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
  })
  await stop() // its helper process is not wanted beside what is measured
  const paths = NAMES.map((name): [ProgramName, string] => [name, join(folder, `${name}.mjs`)])
  return Object.fromEntries(paths) as Programs
}

/** The program of a host's user: it imports the build that is measured, by its place. */
export async function buildHostedProgram({ folder, bundles }: { folder: string; bundles: string }): Promise<string> {
  const outfile = join(folder, 'hosted-program.mjs')
  const measured: Plugin = {
    name: 'the build that is measured',
    setup: ({ onResolve }) => onResolve({ filter: /^pilotflame$/ }, () => ({ path: join(bundles, 'index.js'), external: true })),
  }
  await build({
    entryPoints: [join(HERE, '..', 'hosted-program.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
    plugins: [measured],
  })
  await stop()
  return outfile
}
