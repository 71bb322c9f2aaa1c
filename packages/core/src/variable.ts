import type { Json } from './json.ts'
import type { Micros } from './time.ts'

/** A named value that flows read; any JSON. */
export interface Variable {
  readonly id: string
  /** Unique. */
  readonly name: string
  readonly value: Json
  readonly tags: readonly string[]
  readonly createdAt: Micros
  readonly updatedAt: Micros
}
