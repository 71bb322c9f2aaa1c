/** `flow`: makes a plain async function something that events can start, without changing what it is. */
import { AppError, type Parameters } from '@pilotflame/core'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { callDirectly } from '../run/direct.ts'
import type { Run, RunParts } from '../run/run.ts'
import { serve } from '../serve.ts'
import type { FlowDefinition, ServedDeployment } from './definition.ts'
import { toDeployment } from './deployment.ts'
import { readDefinition } from './names.ts'
import type { DeploymentOptions, FlowOptions, ServeOptions } from './options.ts'
import { isStandardSchema, type JsonSchema, jsonSchemaOf } from './schema.ts'

type CallParts<Input> =
  Record<string, never> extends Input ? [parameters?: Input, parts?: RunParts] : [parameters: Input, parts?: RunParts]

export interface Flow<Input, Result> {
  /**
   * Calls the flow as a plain function, without a server: its Standard Schema and its `timeoutMs` hold, its `retries` do not.
   * Throws what the function throws, `invalid_parameters` or `run_timed_out`. Inside another run it belongs to that run.
   */
  (...call: CallParts<Input>): Promise<Result>
  readonly flowName: string
  readonly definition: FlowDefinition
  /** This flow as a deployment, for `serve(…)`. Throws `invalid_request`. */
  toDeployment(options?: DeploymentOptions): ServedDeployment
  /**
   * Makes this process an executor that takes many runs at once, or with `isolation` one that keeps processes ready
   * for them. Settles when it was ended, by Ctrl-C or `signal`.
   * Waits for a server that is away. Throws `unauthorized`, or what the server refuses it with.
   */
  serve(options?: DeploymentOptions & ServeOptions): Promise<void>
}

type WithSchema<Schema> = FlowOptions & {
  /** Any Standard Schema (zod, ArkType, Valibot …); the function gets what it makes of the parameters. */
  readonly parameters: Schema
}
type WithoutSchema = FlowOptions & {
  /** A JSON Schema; the server checks a run's parameters against it, a direct call does not. Default: any object. */
  readonly parameters?: JsonSchema
}
type FlowFunction<Given, Result> = (parameters: Given, run: Run) => Result | Promise<Result>
type AnyOptions = FlowOptions & { readonly parameters?: StandardSchemaV1 | JsonSchema }
type Definable = ((parameters: never, run: Run) => unknown) & { readonly name: string }

function checkOptions(name: string, { retries, retryDelayMs, timeoutMs }: FlowOptions): void {
  for (const [key, value] of Object.entries({ retries, retryDelayMs, timeoutMs })) {
    if (value === undefined || (value >= 0 && value <= Number.MAX_SAFE_INTEGER && (key !== 'retries' || Number.isInteger(value))))
      continue
    const kind = key === 'retries' ? 'whole number' : 'number'
    throw new AppError('invalid_request', `"${key}" of the flow "${name}" is ${value}. Give a ${kind} that is not negative.`)
  }
}

/**
 * Makes `fn` a flow. Without a name in front it gets the function's own, `_` as `-`.
 * Throws `invalid_request` for a name with / % & > or < in it, and for options that make no sense.
 */
export function flow<Schema extends StandardSchemaV1, Result>(
  name: string,
  fn: FlowFunction<StandardSchemaV1.InferOutput<Schema>, Result>,
  options: WithSchema<Schema>,
): Flow<StandardSchemaV1.InferInput<Schema>, Result>
export function flow<Given extends object = Parameters, Result = unknown>(
  name: string,
  fn: FlowFunction<Given, Result>,
  options?: WithoutSchema,
): Flow<Given, Result>
export function flow<Schema extends StandardSchemaV1, Result>(
  fn: FlowFunction<StandardSchemaV1.InferOutput<Schema>, Result>,
  options: WithSchema<Schema>,
): Flow<StandardSchemaV1.InferInput<Schema>, Result>
export function flow<Given extends object = Parameters, Result = unknown>(
  fn: FlowFunction<Given, Result>,
  options?: WithoutSchema,
): Flow<Given, Result>
export function flow(...parts: [string | Definable, (Definable | AnyOptions)?, AnyOptions?]): Flow<Parameters, unknown> {
  const { name, fn, options = {} } = readDefinition<Definable, AnyOptions>('flow', parts)
  checkOptions(name, options)
  const { parameters: schema, ...rest } = options
  const definition: FlowDefinition = {
    name,
    fn,
    options: rest,
    schema: isStandardSchema(schema) ? schema : undefined,
    parameterSchema: jsonSchemaOf(schema),
  }
  const call = (parameters: Parameters = {}, runParts: RunParts = {}) => callDirectly(definition, parameters, runParts)
  const made: Flow<Parameters, unknown> = Object.assign(call, {
    flowName: name,
    definition,
    toDeployment: (given?: DeploymentOptions) => toDeployment(made, given),
    serve: ({ limit, signal, apiUrl, authString, ...given }: DeploymentOptions & ServeOptions = {}) =>
      serve(toDeployment(made, given), { limit, signal, apiUrl, authString }),
  })
  return made
}
