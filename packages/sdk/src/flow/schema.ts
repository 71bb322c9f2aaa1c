/** A flow's parameters: what the server is told of them, and the check before user code. */
import { AppError, type Fault, isObject, type Json, type JsonObject, sentence } from '@pilotflame/core'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A JSON Schema written by hand; checked by the server when a run is made. */
export type JsonSchema = JsonObject

export const isStandardSchema = (schema: unknown): schema is StandardSchemaV1 =>
  (isObject(schema) || typeof schema === 'function') && '~standard' in schema && isObject(schema['~standard'])

/** Ways of the libraries to say themselves as JSON Schema, the standard's first. Each may throw. */
function candidates(schema: StandardSchemaV1): readonly (() => unknown)[] {
  const standard = schema['~standard'] as unknown as Record<string, unknown>
  const own = schema as unknown as Record<string, unknown>
  const ways: (() => unknown)[] = []
  const { jsonSchema } = standard
  if (isObject(jsonSchema) && typeof jsonSchema.input === 'function') {
    const { input } = jsonSchema
    ways.push(() => input.call(jsonSchema, { target: 'draft-2020-12' }))
  }
  for (const method of ['toJsonSchema', 'toJSONSchema']) {
    const convert = own[method]
    if (typeof convert === 'function') ways.push(() => convert.call(schema, { io: 'input' }))
  }
  return ways
}

/** The JSON Schema of what comes in; null for a schema that cannot say itself as one. */
export function jsonSchemaOf(schema: StandardSchemaV1 | JsonSchema | undefined): JsonObject | null {
  if (schema === undefined) return null
  if (!isStandardSchema(schema)) return schema
  for (const convert of candidates(schema)) {
    try {
      const converted = convert()
      if (isObject(converted)) return JSON.parse(JSON.stringify(converted)) as { [key: string]: Json }
    } catch {
      // It has parts that JSON Schema cannot say, such as a transform: the executor checks them.
    }
  }
  return null
}

const keyOf = (segment: PropertyKey | StandardSchemaV1.PathSegment): string | number => {
  const key = typeof segment === 'object' ? segment.key : segment
  return typeof key === 'symbol' ? String(key) : key
}

const toFault = (issue: StandardSchemaV1.Issue): Fault => ({
  loc: (issue.path ?? []).map(keyOf),
  msg: issue.message,
  type: 'parameters',
})

const sayFault = ({ loc, msg }: Fault): string => (loc.length === 0 ? msg : `${loc.join('.')}: ${msg}`)

function read(flowName: string, result: StandardSchemaV1.Result<unknown>): unknown {
  if (!result.issues) return result.value
  const faults = result.issues.map(toFault)
  const said = sentence(`The parameters do not fit the flow "${flowName}": ${faults.map(sayFault).join('; ')}`)
  const message = `${said} Correct them and start it again.`
  throw new AppError('invalid_parameters', message, { faults })
}

/** The value that the schema makes of `parameters`, at once where the schema can. Throws `invalid_parameters`. */
export function applySchema(
  flowName: string,
  schema: StandardSchemaV1 | undefined,
  parameters: unknown,
): unknown | Promise<unknown> {
  if (schema === undefined) return parameters
  const result = schema['~standard'].validate(parameters)
  return result instanceof Promise ? result.then((settled) => read(flowName, settled)) : read(flowName, result)
}
