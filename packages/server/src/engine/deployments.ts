/** Flows, deployments and their versions: upserted by name, by a request or by an executor that offers their code. */
import {
  AppError,
  type Deployment,
  type DeploymentOffer,
  type Flow,
  isObject,
  type Json,
  type JsonObject,
  type Micros,
} from '@pilotflame/core'
import type { DeploymentInput } from '../app.ts'
import type { Random } from '../ports.ts'
import type { Tx } from '../store/store.ts'

interface Made {
  readonly random: Random
  readonly now: Micros
}

export async function upsertFlow(
  tx: Tx,
  { random, now }: Made,
  input: Pick<Flow, 'name' | 'tags' | 'labels'>,
): Promise<{ flow: Flow; created: boolean }> {
  const known = await tx.findFlowByName(input.name)
  if (known) return { flow: known, created: false }
  const flow: Flow = { id: random.uuid(), ...input, createdAt: now, updatedAt: now }
  tx.saveFlow(flow)
  return { flow, created: true }
}

/** Fields of a deployment that are columns here; every other one is kept as it came. */
const COLUMNS = new Set([
  'description',
  'entrypoint',
  'paused',
  'tags',
  'labels',
  'parameters',
  'parameter_openapi_schema',
  'enforce_parameter_schema',
  'version',
])

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const object = (value: Json | undefined): JsonObject | null => (isObject(value) ? (value as JsonObject) : null)
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

/** The deployment with the fields that are given; the others stay as they are in `base`. */
function fromFields(
  flow: Pick<Flow, 'id' | 'name'>,
  { name, fields }: Pick<DeploymentInput, 'name' | 'fields'>,
  base: Deployment | undefined,
  { random, now }: Made,
): Deployment {
  const given = <T>(field: string, read: (value: Json | undefined) => T, known: T): T =>
    field in fields ? read(fields[field]) : known
  const kept = Object.fromEntries(Object.entries(fields).filter(([key]) => !COLUMNS.has(key)))
  return {
    id: base?.id ?? random.uuid(),
    flowId: flow.id,
    flowName: flow.name,
    name,
    versionId: base?.versionId ?? null,
    version: text(fields.version) ?? base?.version ?? null,
    description: given('description', text, base?.description ?? null),
    entrypoint: given('entrypoint', text, base?.entrypoint ?? null),
    paused: given('paused', (value) => value === true, base?.paused ?? false),
    tags: given('tags', texts, base?.tags ?? []),
    labels: given('labels', (value) => (object(value) ?? {}) as Deployment['labels'], base?.labels ?? {}),
    parameters: given('parameters', (value) => object(value) ?? {}, base?.parameters ?? {}),
    parameterSchema: given('parameter_openapi_schema', object, base?.parameterSchema ?? null),
    enforceParameterSchema: given('enforce_parameter_schema', (value) => value !== false, base?.enforceParameterSchema ?? true),
    retries: base?.retries ?? 0,
    retryDelayMs: base?.retryDelayMs ?? 0,
    kept: { ...base?.kept, ...kept },
    createdBy: base?.createdBy ?? null,
    createdAt: base?.createdAt ?? now,
    updatedAt: now,
  }
}

export async function upsertDeployment(
  tx: Tx,
  made: Made,
  input: DeploymentInput,
): Promise<{ deployment: Deployment; created: boolean }> {
  const flow = await tx.findFlow(input.flowId)
  if (!flow) throw new AppError('flow_not_found', `There is no flow ${input.flowId}. Create it with "POST /api/flows/" first.`)
  const base = await tx.findDeploymentByName(flow.name, input.name)
  const deployment = fromFields(flow, input, base, made)
  tx.saveDeployment(deployment)
  return { deployment, created: base === undefined }
}

export async function updateDeployment(tx: Tx, made: Made, id: string, fields: JsonObject): Promise<Deployment | undefined> {
  const base = await tx.findDeployment(id)
  if (!base) return undefined
  const changed = fromFields({ id: base.flowId, name: base.flowName }, { name: base.name, fields }, base, made)
  tx.saveDeployment(changed)
  return changed
}

/** What an executor offers becomes a deployment whose current version is the offered code. */
export async function saveOffer(tx: Tx, made: Made, offer: DeploymentOffer): Promise<Deployment> {
  const { random, now } = made
  const { flow } = await upsertFlow(tx, made, { name: offer.flow_name, tags: [], labels: {} })
  const base = await tx.findDeploymentByName(offer.flow_name, offer.name)
  const id = base?.id ?? random.uuid()
  const known = base ? await tx.findVersion(id, offer.version) : undefined
  const version = known ?? {
    id: random.uuid(),
    deploymentId: id,
    version: offer.version,
    entrypoint: offer.entrypoint,
    parameterSchema: offer.parameter_schema,
    createdAt: now,
  }
  const deployment: Deployment = {
    id,
    flowId: flow.id,
    flowName: flow.name,
    name: offer.name,
    versionId: version.id,
    version: offer.version,
    description: offer.description,
    entrypoint: offer.entrypoint,
    paused: base?.paused ?? false, // whoever paused it resumes it
    tags: offer.tags,
    labels: base?.labels ?? {},
    parameters: offer.parameters,
    parameterSchema: offer.parameter_schema,
    enforceParameterSchema: true,
    retries: offer.retries,
    retryDelayMs: offer.retry_delay_ms,
    kept: base?.kept ?? {},
    createdBy: base?.createdBy ?? null,
    createdAt: base?.createdAt ?? now,
    updatedAt: now,
  }
  tx.saveDeployment(deployment)
  if (!known) tx.insertVersion(version)
  return deployment
}
