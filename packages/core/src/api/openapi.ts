/** The contract as an OpenAPI document. */
import * as z from 'zod'
import { ERRORS } from '../errors.ts'
import { ROUTES, type Route } from './contract.ts'

const named = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')

function parametersOf(path: string, route: Route): object[] {
  const inPath = named(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const inQuery = Object.entries(route.query ?? {}).map(([name, need]) => ({
    name,
    in: 'query',
    required: need === 'required',
    schema: { type: 'string' },
  }))
  return [...inPath, ...inQuery]
}

const bodyOf = ({ body, bodyOptional }: Route): object | undefined =>
  body && {
    required: bodyOptional !== true,
    content: { 'application/json': { schema: z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) } },
  }

const ERROR = {
  type: 'object',
  required: ['code', 'exception_message'],
  properties: {
    code: { type: 'string', enum: Object.keys(ERRORS) },
    exception_message: { type: 'string' },
    retryable: { type: 'boolean' },
    detail: { type: 'string' },
    exception_detail: {
      type: 'array',
      items: {
        type: 'object',
        required: ['loc', 'msg', 'type'],
        properties: {
          loc: { type: 'array', items: { type: ['string', 'integer'] } },
          msg: { type: 'string' },
          type: { type: 'string' },
          suggestion: { type: 'string' },
        },
      },
    },
  },
} as const

export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [key, route] of Object.entries(ROUTES) as [string, Route][]) {
    const [method = '', path = ''] = key.split(' ')
    const requestBody = bodyOf(route)
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        summary: route.summary,
        tags: [route.ours ? 'pilotflame' : 'prefect'],
        parameters: parametersOf(path, route),
        ...(requestBody ? { requestBody } : {}),
        responses: {
          [route.success]: { description: 'As asked' },
          default: {
            description: 'An error',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Pilotflame', version },
    servers: [{ url: '/api' }],
    paths,
    components: { schemas: { Error: ERROR } },
  }
}
