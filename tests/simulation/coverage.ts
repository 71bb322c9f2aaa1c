/** What a simulation has to have met often enough for its silence to mean something. */
export const COVERED = [
  'late result after a new lease',
  'repeated event across a crash',
  'cancel against completion',
  'items sent again',
  'crash between flush and dispatch',
  'trigger bucket across a crash',
  'clock jump over a deadline',
] as const
export type Covered = (typeof COVERED)[number]
export type Coverage = Record<Covered, number>

/** Fewer than this in a whole run is a failure of the simulation itself. */
export const COVERED_MIN = 20

export const noCoverage = (): Coverage => Object.fromEntries(COVERED.map((name) => [name, 0])) as Coverage

export const missing = (coverage: Coverage): readonly Covered[] => COVERED.filter((name) => coverage[name] < COVERED_MIN)
