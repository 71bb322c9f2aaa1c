/** Checks a run's parameters against the JSON schema of its deployment, and says in plain English what does not fit. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Fault } from '../errors.ts'
import type { JsonObject, Parameters } from '../json.ts'
import { nearest } from '../suggest.ts'

const OPTIONS = { allErrors: true, strict: false, validateFormats: true, verbose: true, logger: false } as const
// One compiler for all: each keeps what it compiled under no name, so schemas never meet.
const draft7 = addFormats.default(new Ajv(OPTIONS))
const draft2020 = addFormats.default(new Ajv2020(OPTIONS))

export type CheckParameters = (parameters: Parameters) => readonly Fault[]

/** The check for `schema`, compiled once. A null schema fits everything. Throws when the schema itself is none. */
export function compileParameterSchema(schema: JsonObject | null): CheckParameters {
  if (schema === null) return () => []
  const { $id: _id, ...anonymous } = schema
  const newer = '$defs' in schema || 'prefixItems' in schema || String(schema.$schema ?? '').includes('2020')
  const validate: ValidateFunction = newer ? draft2020.compile(withoutDraft(anonymous)) : draft7.compile(withoutDraft(anonymous))
  return (parameters) => {
    if (validate(parameters)) return []
    return (validate.errors ?? []).filter(isCause).map(faultOf)
  }
}

/** The draft's own schema is chosen above; a name that the compiler does not know would stop it. */
const withoutDraft = ({ $schema: _schema, ...schema }: JsonObject): JsonObject => schema

/** "must match one of" only sums up what other errors say. */
const isCause = ({ keyword }: ErrorObject): boolean => keyword !== 'if'

const unescapePart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

function pathOf({ instancePath }: ErrorObject): (string | number)[] {
  if (instancePath === '') return []
  return instancePath
    .slice(1)
    .split('/')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : unescapePart(part)))
}

/** What a person sees of a value: short, and in JSON. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)

function faultOf(error: ErrorObject): Fault {
  const loc = pathOf(error)
  const { keyword, params, data, parentSchema } = error
  switch (keyword) {
    case 'required':
      return { loc: [...loc, params.missingProperty], msg: 'is required and missing', type: 'missing' }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params.additionalProperty ?? params.unevaluatedProperty)
      const suggestion = nearest(name, Object.keys((parentSchema as { properties?: object } | undefined)?.properties ?? {}))
      const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
      return {
        loc: [...loc, name],
        msg: `is no parameter of this flow${hint}`,
        type: 'unknown_field',
        ...(suggestion === undefined ? {} : { suggestion }),
      }
    }
    case 'type':
      return { loc, msg: `should be ${[params.type].flat().map(article).join(' or ')}, and is ${show(data)}`, type: 'type' }
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(show)
      const suggestion = typeof data === 'string' ? nearest(data, (params.allowedValues as unknown[]).map(String)) : undefined
      const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
      return {
        loc,
        msg: `should be one of ${allowed.join(', ')}, and is ${show(data)}${hint}`,
        type: 'enum',
        ...(suggestion === undefined ? {} : { suggestion }),
      }
    }
    default:
      return { loc, msg: `${error.message ?? 'does not fit'}, and is ${show(data)}`, type: keyword }
  }
}

/** The deployment's own parameters, and over them those that were given for this run. */
export const mergeParameters = (defaults: JsonObject, given: Parameters): Parameters => ({ ...defaults, ...given })
