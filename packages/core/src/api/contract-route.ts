/** What the contract says of one route. */
import type * as z from 'zod'

/** Carries the type of an answer; there is nothing in it at run time. */
export interface Answer<T> {
  readonly type?: T
}
export const answer = <T>(): Answer<T> => ({})

export interface Route {
  readonly summary: string
  /** Query parameters, and whether each must be there. */
  readonly query?: Readonly<Record<string, 'required' | 'optional'>>
  readonly body?: z.ZodType
  /** A request without a body counts as `{}`. */
  readonly bodyOptional?: true
  /** Unknown fields of the body are refused. */
  readonly strict: boolean
  readonly success: number
  /** An addition of ours: not a route of Prefect's. */
  readonly ours: boolean
  readonly answer: Answer<unknown>
}

/** A route of Prefect's. */
export const prefect = { ours: false, strict: false, success: 200 } as const
/** An addition of ours. */
export const own = { ours: true, strict: true, success: 200 } as const
