/** Finds the route of a request in the contract's table; says what is near where there is none. */
import { AppError, isUuid, nearest } from '@pilotflame/core'
import { PREFECT_OPERATIONS, ROUTES, type RouteKey } from '@pilotflame/core/contract'

interface Pattern {
  readonly method: string
  readonly key: string
  readonly served: boolean
  readonly segments: readonly string[]
  /** How many of its segments are fixed: the more, the earlier it is tried. */
  readonly fixed: number
}

const split = (path: string): string[] => path.split('/').filter((segment) => segment !== '')
const isParam = (segment: string): boolean => segment.startsWith('{')

function patternOf(key: string, served: boolean): Pattern {
  const [method = '', path = ''] = key.split(' ')
  const segments = split(path)
  return { method, key, served, segments, fixed: segments.filter((segment) => !isParam(segment)).length }
}

const PATTERNS: readonly Pattern[] = [
  ...Object.keys(ROUTES).map((key) => patternOf(key, true)),
  ...PREFECT_OPERATIONS.filter((key) => !(key in ROUTES)).map((key) => patternOf(key, false)),
].sort((a, b) => b.fixed - a.fixed)

const BY_LENGTH = Map.groupBy(PATTERNS, ({ segments }) => segments.length)

export interface Match {
  readonly key: RouteKey
  readonly params: Readonly<Record<string, string>>
}

const fits = (pattern: Pattern, segments: readonly string[]): boolean =>
  pattern.segments.every((segment, index) => isParam(segment) || segment === segments[index])

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new AppError('invalid_request', `The path has a broken escape: ${segment}.`)
  }
}

function paramsOf(pattern: Pattern, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  pattern.segments.forEach((segment, index) => {
    if (isParam(segment)) params[segment.slice(1, -1)] = decode(segments[index] ?? '')
  })
  return params
}

/** Every `{id}` is a UUID; compared as text, it is in lower case from here on. */
function checkIds(params: Record<string, string>): Record<string, string> {
  for (const name of ['id', 'automation_id']) {
    const value = params[name]
    if (value === undefined) continue
    if (!isUuid(value)) {
      const faults = [{ loc: ['path', name], msg: `${JSON.stringify(value)} is no UUID`, type: 'uuid' }]
      throw new AppError('invalid_request', `The path is wrong: ${JSON.stringify(value)} is no UUID.`, { faults })
    }
    params[name] = value.toLowerCase()
  }
  return params
}

/** The route of `method` and `path` (below `/api`, without its query). Both forms of a path answer, with and without a last slash. */
export function findRoute(method: string, path: string): Match {
  const segments = split(path)
  const fitting = (BY_LENGTH.get(segments.length) ?? []).filter((pattern) => fits(pattern, segments))
  // `/flows/filter` is never a flow whose id is "filter".
  const candidates = fitting.filter(({ fixed }) => fixed === fitting[0]?.fixed)
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = candidates.find((pattern) => pattern.method === wanted)
  if (found?.served) return { key: found.key as RouteKey, params: checkIds(paramsOf(found, segments)) }
  if (found) {
    throw new AppError('not_implemented', `${found.key} is a route of Prefect's that is not here yet. See docs/compatibility.md.`)
  }
  if (candidates.length > 0) throw wrongMethod(method, path, candidates)
  throw unknownRoute(method, path)
}

function wrongMethod(method: string, path: string, candidates: readonly Pattern[]): AppError {
  const allow = [...new Set(candidates.filter(({ served }) => served).map((pattern) => pattern.method))].sort().join(', ')
  const help = allow === '' ? 'No method of it is served here yet.' : `It takes ${allow}.`
  return new AppError('method_not_allowed', `/api${path} does not take ${method}. ${help}`, { facts: { allow } })
}

/** Fills the parameters of patterns of the same length with the request's own parts, so that they can be compared as text. */
function unknownRoute(method: string, path: string): AppError {
  const segments = split(path)
  const written = (pattern: Pattern): string =>
    pattern.segments.map((segment, index) => (isParam(segment) ? (segments[index] ?? segment) : segment)).join('/')
  const near = nearest(segments.join('/'), PATTERNS.filter(({ served }) => served).map(written))
  const pattern = PATTERNS.find((one) => one.served && written(one) === near)
  const help = pattern
    ? `Did you mean ${pattern.method} /api/${pattern.segments.join('/')}?`
    : 'GET /api/openapi.json lists the routes.'
  return new AppError(
    'route_not_found',
    `There is no route ${method} /api${path}. ${help}`,
    pattern ? { facts: { suggestion: pattern.key } } : {},
  )
}
