/**
 * One flow file: bundled, served by a process of its own, and loaded again when it changes. The version before goes on
 * until the new one is ready, and then drains; it stays where the new one cannot be loaded.
 */
import { rm } from 'node:fs/promises'
import { type Bundle, bundleProgram } from '../../bundle/bundle-program.ts'
import type { FlowFile } from './find-flow-files.ts'
import { FlowProcess, type FlowProcessOptions } from './flow-process.ts'

export interface ServedFileEvents {
  /** The version is served by the process with this id; `tookMs` from the change on. */
  ready(pid: number, tookMs: number): void
  /** It could not be loaded, or its process ended. `stays` says that an earlier version goes on. */
  failed(why: string, stays: boolean): void
  line(text: string): void
}

export type ServedFileOptions = Pick<FlowProcessOptions, 'name' | 'server' | 'isConnected'>

interface Version {
  readonly bundle: Bundle
  readonly process: FlowProcess
}

export class ServedFile {
  readonly file: FlowFile
  readonly #options: ServedFileOptions
  readonly #events: ServedFileEvents
  #current: Version | undefined
  #starting: Version | undefined
  #draining = new Set<Promise<void>>()
  #inputs: ReadonlySet<string>
  #work: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(file: FlowFile, options: ServedFileOptions, events: ServedFileEvents) {
    this.file = file
    this.#options = options
    this.#events = events
    this.#inputs = new Set([file.path])
  }

  /** True for a file that it is made of. */
  uses(path: string): boolean {
    return this.#inputs.has(path)
  }

  /** Loads what is there now. One after the other; settles when done. */
  load(): Promise<void> {
    this.#work = this.#work.then(() => (this.#stopped ? undefined : this.#load()))
    return this.#work
  }

  async #load(): Promise<void> {
    const started = performance.now()
    let bundle: Bundle
    try {
      bundle = await bundleProgram({ file: this.file.path })
    } catch (error) {
      return this.#events.failed(error instanceof Error ? error.message : String(error), this.#isServing())
    }
    this.#inputs = bundle.inputs
    if (this.#stopped || (this.#isServing() && this.#current?.bundle.digest === bundle.digest)) return
    const version = { bundle, process: this.#spawn(bundle) }
    this.#starting = version
    const ready = await version.process.ready(this.#options.isConnected)
    this.#starting = undefined
    if (!ready) {
      if (!this.#stopped) this.#events.failed(`it ended with ${await version.process.ended}`, this.#isServing())
      return this.#remove(bundle)
    }
    this.#replace(version)
    this.#events.ready(version.process.pid, performance.now() - started)
  }

  #isServing(): boolean {
    return this.#current !== undefined && !this.#current.process.over
  }

  #spawn(bundle: Bundle): FlowProcess {
    const { kind } = this.file
    return new FlowProcess({ ...this.#options, bundle, kind, onLine: (text) => this.#events.line(text) })
  }

  #replace(version: Version): void {
    const before = this.#current
    this.#current = version
    if (before) this.#drain(before)
    void version.process.ended.then((how) => {
      if (this.#current === version && !this.#stopped) this.#events.failed(`its process ended with ${how}`, false)
    })
  }

  #drain({ process, bundle }: Version): void {
    const gone = process.drain().then(() => (this.#current?.bundle.path === bundle.path ? undefined : this.#remove(bundle)))
    this.#draining.add(gone)
    void gone.then(() => this.#draining.delete(gone))
  }

  #remove({ path }: Bundle): Promise<void> {
    return rm(path, { force: true })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const version = this.#current
    this.#current = undefined
    if (version) this.#drain(version)
    await this.#starting?.process.drain()
    await this.#work
    await Promise.all(this.#draining)
  }
}
