/** Brings a database to the schema of this program, one numbered migration at a time. */
import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '@pilotflame/core'
import { first } from './migrations/001-first.ts'
import { retention } from './migrations/002-retention.ts'
import { prefectClients } from './migrations/003-prefect-clients.ts'
import { journalFile } from './migrations/004-journal-file.ts'

/** Number n of the list is version n of the schema. What was released never changes. */
const MIGRATIONS: readonly string[] = [first, retention, prefectClients, journalFile]

/** "PFLM": marks the file as a database of ours. */
const APPLICATION_ID = 0x50464c4d

function pragma(db: DatabaseSync, name: string): number {
  const value = Object.values(db.prepare(`pragma ${name}`).get() ?? {})[0]
  return typeof value === 'number' ? value : 0
}

function checkOwner(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') === APPLICATION_ID) return
  const tables = db.prepare('select count(*) as n from sqlite_schema').get()?.n
  if (tables === 0) return
  throw new AppError(
    'store_failed',
    `${path} is a database of another program. Move that file away, or set PILOTFLAME_HOME to another folder.`,
  )
}

/** Each migration is one transaction: after a crash the database has the old version or the new one. */
export function migrate(db: DatabaseSync, path: string, migrations: readonly string[] = MIGRATIONS): void {
  checkOwner(db, path)
  const version = pragma(db, 'user_version')
  if (version > migrations.length) {
    throw new AppError(
      'store_newer',
      `${path} has schema version ${version}, and this program knows versions up to ${migrations.length}. Update Pilotflame, or set PILOTFLAME_HOME to another folder.`,
    )
  }
  migrations.slice(version).forEach((sql, index) => {
    const number = version + index + 1
    try {
      db.exec(`begin immediate; ${sql}; pragma application_id = ${APPLICATION_ID}; pragma user_version = ${number}; commit`)
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  })
}
