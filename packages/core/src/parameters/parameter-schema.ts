/** Checks a run's parameters against the JSON schema of its deployment: as they are, nothing converted, nothing filled in. */
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { AppError, type Fault } from '../errors.ts'
import type { JsonObject, Parameters } from '../json.ts'
import { parameterFaults } from './parameter-faults.ts'

/** A pattern in Python's spelling that JavaScript cannot read lets everything pass. */
function readPattern(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch {
    return /(?:)/
  }
}
// `code` is what the compiler writes into code that stands alone; ours never does.
const code = { regExp: Object.assign(readPattern, { code: 'new RegExp' }) }

const OPTIONS = { allErrors: true, strict: false, validateFormats: true, verbose: true, logger: false, code } as const
// Pydantic writes definitions in the older draft's way, zod in the newer one's.
const draft7 = addFormats.default(new Ajv(OPTIONS))
const draft2020 = addFormats.default(new Ajv2020(OPTIONS))

export type CheckParameters = (parameters: Parameters) => readonly Fault[]

/** Compiles, and forgets: the compiler would otherwise keep every schema it has ever seen. */
function compile(schema: JsonObject): ValidateFunction {
  const newer = '$defs' in schema || 'prefixItems' in schema || String(schema.$schema ?? '').includes('2020')
  // Which draft it is has been decided, and under a name of its own it would be remembered.
  const { $id: _id, $schema: _schema, ...anonymous } = schema
  const compiler = newer ? draft2020 : draft7
  try {
    return compiler.compile(anonymous)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = 'Correct the schema, or deploy without enforcing it ("enforce_parameter_schema": false).'
    throw new AppError('invalid_parameters', `The deployment's parameter schema cannot be used: ${why}. ${what}`, { cause })
  } finally {
    compiler.removeSchema(anonymous)
  }
}

/** The check for `schema`, compiled once. A null schema fits everything. Throws `invalid_parameters` when it is no schema. */
export function compileParameterSchema(schema: JsonObject | null): CheckParameters {
  if (schema === null) return () => []
  const validate = compile(schema)
  return (parameters) => (validate(parameters) ? [] : parameterFaults(validate.errors ?? [], parameters))
}

/** The deployment's own parameters, and over them those that were given for this run. */
export const mergeParameters = (defaults: JsonObject, given: Parameters): Parameters => ({ ...defaults, ...given })
