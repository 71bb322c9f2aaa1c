/**
 * The bench's own programs as plain JavaScript: Node's type stripping would cost a started server 40 ms and 17 MB
 * that no user pays.
 */
import { join } from 'node:path'
import { build, stop } from 'esbuild'

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
