/** `--param name=value` as a parameter: JSON where it is some, text otherwise, and text where the schema wants text. */
import { AppError, isObject, type JsonObject, nearest } from '@pilotflame/core'

function wantsText(schema: JsonObject | null, name: string): boolean {
  const properties = schema?.properties
  if (!isObject(properties)) return false
  const property = properties[name]
  return isObject(property) && property.type === 'string'
}

function readValue(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string]
  } catch {
    return text
  }
}

/** Throws `invalid_request` where there is no `=`. */
export function readParameters(given: readonly string[], schema: JsonObject | null): JsonObject {
  const entries = given.map((text): [string, JsonObject[string]] => {
    const equals = text.indexOf('=')
    if (equals < 1) {
      throw new AppError('invalid_request', `--param ${text} has no name and value. Write --param name=value.`)
    }
    const name = text.slice(0, equals)
    const value = text.slice(equals + 1)
    return [name, wantsText(schema, name) ? value : readValue(value)]
  })
  return Object.fromEntries(entries)
}

/** Names that the schema does not have, each with the nearest one that it has. */
export function strangers(parameters: JsonObject, schema: JsonObject | null): string[] {
  const properties = schema?.properties
  if (!isObject(properties)) return []
  const known = Object.keys(properties)
  return Object.keys(parameters)
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const near = nearest(name, known)
      return near === undefined ? [] : [`The deployment has no parameter "${name}"; did you mean "${near}"?`]
    })
}
