/** Variables: values that flows read and change, known by their names. */
import { AppError, type Json, type Variable, variableToWire } from '@pilotflame/core'
import type { BodyOf } from '@pilotflame/core/contract'
import type { App } from '../../app.ts'
import type { Tx } from '../../store/store.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, type Reply, value } from '../replies.ts'

type Find = (tx: Pick<Tx, 'findVariable' | 'findVariableByName'>) => Promise<Variable | undefined>

/** A variable as a path names it: how to find it, and what to say when it is not there. */
interface Named {
  readonly find: Find
  readonly name: string
}

const byId = (exchange: { readonly params: Readonly<Record<string, string>> }): Named => {
  const id = param(exchange, 'id')
  return { find: (tx) => tx.findVariable(id), name: id }
}
const byName = (exchange: { readonly params: Readonly<Record<string, string>> }): Named => {
  const name = param(exchange, 'name')
  return { find: (tx) => tx.findVariableByName(name), name: JSON.stringify(name) }
}

const notFound = (name: string): AppError =>
  new AppError(
    'variable_not_found',
    `There is no variable ${name}. Create it with "prefect variable set", or POST /api/variables/.`,
  )

async function read({ store }: App, { find, name }: Named): Promise<Reply> {
  const variable = await find(store.find)
  if (!variable) throw notFound(name)
  return value(variableToWire(variable))
}

async function checkFree(tx: Tx, name: string): Promise<void> {
  if (await tx.findVariableByName(name)) {
    throw new AppError(
      'variable_exists',
      `There is a variable ${JSON.stringify(name)} already. Change that one, or use another name.`,
    )
  }
}

async function update({ store, clock }: App, { find, name }: Named, body: BodyOf<'PATCH /variables/{id}'>): Promise<Reply> {
  await store.transaction(async (tx) => {
    const known = await find(tx)
    if (!known) throw notFound(name)
    const newName = body.name ?? known.name
    if (newName !== known.name) await checkFree(tx, newName)
    tx.saveVariable({
      ...known,
      name: newName,
      ...(body.value === undefined ? {} : { value: body.value as Json }),
      ...(body.tags ? { tags: body.tags } : {}),
      updatedAt: clock.now(),
    })
  })
  return EMPTY
}

async function remove({ store }: App, { find, name }: Named): Promise<Reply> {
  await store.transaction(async (tx) => {
    const known = await find(tx)
    if (!known) throw notFound(name)
    tx.deleteVariable(known.id)
  })
  return EMPTY
}

export const variableRoutes: Handlers<
  | 'POST /variables/'
  | 'GET /variables/{id}'
  | 'GET /variables/name/{name}'
  | 'PATCH /variables/{id}'
  | 'PATCH /variables/name/{name}'
  | 'DELETE /variables/{id}'
  | 'DELETE /variables/name/{name}'
> = {
  async 'POST /variables/'({ context, body }) {
    const { store, clock, random } = context.app
    const now = clock.now()
    const made = {
      id: random.uuid(),
      name: body.name,
      value: body.value as Json,
      tags: body.tags ?? [],
      createdAt: now,
      updatedAt: now,
    }
    await store.transaction(async (tx) => {
      await checkFree(tx, made.name)
      tx.saveVariable(made)
    })
    return value(variableToWire(made))
  },

  'GET /variables/{id}': (exchange) => read(exchange.context.app, byId(exchange)),
  'GET /variables/name/{name}': (exchange) => read(exchange.context.app, byName(exchange)),
  'PATCH /variables/{id}': (exchange) => update(exchange.context.app, byId(exchange), exchange.body),
  'PATCH /variables/name/{name}': (exchange) => update(exchange.context.app, byName(exchange), exchange.body),
  'DELETE /variables/{id}': (exchange) => remove(exchange.context.app, byId(exchange)),
  'DELETE /variables/name/{name}': (exchange) => remove(exchange.context.app, byName(exchange)),
}
