/** Kysely as a compiler of SQL only: it has no connection, and runs nothing. */
import type { SQLInputValue } from 'node:sqlite'
import { DummyDriver, Kysely, type RawBuilder, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { Condition } from './filters/conditions.ts'
import type { Row, Statements } from './statements.ts'
import type { Page } from './store.ts'

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

export const compile = (query: RawBuilder<unknown>): { readonly text: string; readonly values: SQLInputValue[] } => {
  const { sql: text, parameters } = query.compile(compiler)
  return { text, values: parameters as SQLInputValue[] }
}

export const rowsOf = (statements: Statements, query: RawBuilder<unknown>): Row[] => {
  const { text, values } = compile(query)
  return statements.all(text, ...values)
}

export const countOf = (statements: Statements, from: string, where: Condition): number =>
  Number(rowsOf(statements, sql`select count(*) as total from ${sql.raw(from)} where ${where}`)[0]?.total ?? 0)

export const limited = ({ limit, offset }: Page): RawBuilder<unknown> => sql`limit ${limit} offset ${offset}`
