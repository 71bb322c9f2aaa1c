/**
 * Conditions of Prefect's filters as SQL. A list is one parameter, a JSON array, however long it is: so each shape of
 * a filter is one statement. Three-valued as SQL is: a value that is missing fits neither "any of" nor "none of".
 */
import { parseIso } from '@pilotflame/core'
import { type RawBuilder, sql } from 'kysely'

export type Condition = RawBuilder<boolean>
type Value = RawBuilder<unknown>
export type Operator = 'and_' | 'or_' | undefined

export const TRUE: Condition = sql<boolean>`true`

/** All of them, or one of them; without any, everything fits. */
export function combine(operator: Operator, conditions: readonly Condition[]): Condition {
  const [only, ...more] = conditions
  if (only === undefined) return TRUE
  if (more.length === 0) return only
  return sql<boolean>`(${sql.join(conditions, operator === 'or_' ? sql` or ` : sql` and `)})`
}

/** What stands where a value is given; nothing where it is not. */
export const given = <T>(value: T | null | undefined, make: (value: T) => Condition): readonly Condition[] =>
  value === null || value === undefined ? [] : [make(value)]

export const listOf = (values: readonly string[]): Value => sql`(select value from json_each(${JSON.stringify(values)}))`

export function isAny(value: Value, values: readonly string[]): Condition {
  const [only, ...more] = values
  if (only !== undefined && more.length === 0) return sql<boolean>`${value} = ${only}`
  return sql<boolean>`${value} in ${listOf(values)}`
}

export const lower = (ids: readonly string[]): readonly string[] => ids.map((id) => id.toLowerCase())

interface AnyOf {
  readonly any_?: readonly string[] | null | undefined
  readonly not_any_?: readonly string[] | null | undefined
  readonly is_null_?: boolean | null | undefined
}

/** An empty list of exclusions excludes nothing, also not what has no value. */
export const anyOf = (value: Value, { any_, not_any_, is_null_ }: AnyOf): readonly Condition[] => [
  ...given(any_, (values) => isAny(value, values)),
  ...given(not_any_?.length ? not_any_ : null, (values) => sql<boolean>`${value} not in ${listOf(values)}`),
  ...isNull(value, is_null_),
]

export const isNull = (value: Value, is_null_: boolean | null | undefined): readonly Condition[] =>
  given(is_null_, (missing) => (missing ? sql<boolean>`${value} is null` : sql<boolean>`${value} is not null`))

/** Ids are kept in lower case. */
export const anyId = (value: Value, filter: AnyOf): readonly Condition[] =>
  anyOf(value, {
    ...filter,
    any_: filter.any_ && lower(filter.any_),
    not_any_: filter.not_any_ && lower(filter.not_any_),
  })

/** Prefect's `like_`: anywhere in the text, upper and lower case alike, `%` and `_` as in SQL. */
export const like = (value: Value, text: string): Condition => sql<boolean>`${value} like ${`%${text}%`}`

interface Named {
  readonly any_?: readonly string[] | null | undefined
  readonly like_?: string | null | undefined
}
export const named = (value: Value, { any_, like_ }: Named): readonly Condition[] => [
  ...given(any_, (values) => isAny(value, values)),
  ...given(like_ || null, (text) => like(value, text)),
]

interface Tagged {
  readonly operator?: Operator
  readonly all_?: readonly string[] | null | undefined
  readonly any_?: readonly string[] | null | undefined
  readonly is_null_?: boolean | null | undefined
}
/** `tags` is a JSON array. */
export const tagged = (tags: Value, { operator, all_, any_, is_null_ }: Tagged): Condition =>
  combine(operator, [
    ...given(
      all_?.length ? all_ : null,
      (wanted) =>
        sql<boolean>`not exists (select 1 from json_each(${JSON.stringify(wanted)}) w
          where w.value not in (select value from json_each(${tags})))`,
    ),
    ...given(any_, (wanted) => sql<boolean>`exists (select 1 from json_each(${tags}) w where w.value in ${listOf(wanted)})`),
    ...given(is_null_, (none) => (none ? sql<boolean>`${tags} = '[]'` : sql<boolean>`${tags} <> '[]'`)),
  ])

interface Between {
  readonly before_?: string | null | undefined
  readonly after_?: string | null | undefined
}
/** Both ends are within. The moments have been checked. */
export const between = (value: Value, { before_, after_ }: Between): readonly Condition[] => [
  ...given(before_, (moment) => sql<boolean>`${value} <= ${parseIso(moment)}`),
  ...given(after_, (moment) => sql<boolean>`${value} >= ${parseIso(moment)}`),
]
