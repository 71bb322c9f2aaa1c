/**
 * How a server gets warm. It practises on events for nobody: a few right after its start, so that the first real one
 * meets no code that has never run; and many when it has been used, so that V8 makes the final code of what an event
 * passes through in pauses, and not in the way of real events, which would take thousands of them. A server that
 * nobody uses does not get the memory that this takes. See decisions/0008 and 0011.
 */
import type { EngineCore } from '../engine/engine-core.ts'
import { compileEarly, keepFinalCode } from '../system/final-code.ts'
import { type Practice, prime } from './prime.ts'
import { inMemory, type Wires } from './wires.ts'

/**
 * The first event after a start took 6.7 ms to its first line without them, 2.5 ms with them, and those that follow 2.2 and
 * 1.75. More of them win little (60: 1.7 ms) and cost memory: V8 keeps the code that it makes of what it has seen often.
 */
const AFTER_START = { events: 16, everyMs: 0 }
/**
 * With 250 of them V8 makes final code of much only when real events come: one in five of the next fifty then took 4 to
 * 13 ms. With 700 it was done.
 */
const AFTER_USE = { events: 700, everyMs: 5 }
/** Whoever asks a single question, and stops the server then, does not pay for it. */
const USED_MS = 1_000
/** Real runs that compile early, too: clients and executors differ from those of the practice. */
const EARLY_RUNS = 300

export interface PracticeParts {
  readonly ports: Practice['ports']
  /** Opens what real events pass through; null where the server has none of it, and practises in memory. */
  readonly wires: (() => Promise<Wires>) | null
  /** Aborted when the server stops. */
  readonly signal: AbortSignal
  readonly log: EngineCore['log']
}

export interface Practising {
  /** To be called when a run has ended. */
  runEnded(): void
  /** Settles when nothing is practised; soon after the signal. */
  idle(): Promise<unknown>
}

/** Practises for the first time in the turns that follow; what comes meanwhile is served. */
export function startPractice({ ports, wires, signal, log }: PracticeParts): Practising {
  let runs = 0
  let practised = false
  let over = false
  const underWay = new Set<Promise<void>>()
  const practise = async (how: typeof AFTER_START, open: PracticeParts['wires']): Promise<void> => {
    const couldNot = (error: unknown): void => log('warning', `The server could not get as warm as it can be: ${String(error)}`)
    const real = await open?.().catch(couldNot)
    const opened = real ?? inMemory()
    await prime({ ports, wires: opened, fresh: real !== undefined, signal, ...how })
      .catch(couldNot)
      .finally(opened.close)
  }
  const begin = (how: typeof AFTER_START, open: PracticeParts['wires']): Promise<void> => {
    const done = practise(how, open).finally(() => underWay.delete(done))
    underWay.add(done)
    return done
  }
  const compileAsUsual = (): void => compileEarly(false)
  const beUsed = (): void => {
    if (signal.aborted) return
    compileEarly(true)
    keepFinalCode()
    signal.addEventListener('abort', compileAsUsual, { once: true })
    ports.clock.after(USED_MS, async () => {
      if (!signal.aborted) await begin(AFTER_USE, wires)
      practised = true
    })
  }
  setImmediate(() => void begin(AFTER_START, null))
  return {
    runEnded() {
      if (over) return
      runs += 1
      if (runs === 1) beUsed()
      over = practised && runs >= EARLY_RUNS
      if (over) compileAsUsual()
    },
    idle: () => Promise.all(underWay),
  }
}
