/** `docs/compatibility.md`, made from the contract and the list of differences. */
import { ROUTES, type Route } from './contract.ts'
import { DIFFERENCES, type Difference } from './differences.ts'
import { PREFECT_OPERATIONS, PREFECT_VERSION } from './prefect-operations.ts'

const code = (text: string): string => `\`${text}\``

const sentence = (summary: string): string => (summary.endsWith('?') ? summary : `${summary}.`)

const routeLine = ([key, { summary }]: [string, Route]): string => `- ${code(key)}: ${sentence(summary)}`

/** Cases named for an operation: enough to find it, and no list of all that pass by it. */
const CASES_SHOWN = 2

/** Which case of `npm run conformance` asks for it through Prefect's own client. */
function caseSentence(key: string, cases: TestedBy): string {
  const names = cases[key]?.slice(0, CASES_SHOWN) ?? []
  return names.length === 0 ? ' Tested over HTTP alone.' : ` Tested by ${names.map(code).join(', ')}.`
}

function differenceLines({ routes, refused, what, reason }: Difference): string {
  const fields = refused.length === 0 ? '' : ` Not served: ${refused.map(code).join(', ')}.`
  return `- ${routes.map(code).join(', ')}: ${what}${fields} ${reason}`
}

/** The first part of a path: what the operation is about. */
const areaOf = (operation: string): string => operation.split(' ')[1]?.split('/')[1] ?? ''

function laterLines(): string[] {
  const later = PREFECT_OPERATIONS.filter((operation) => !(operation in ROUTES))
  return [...Map.groupBy(later, areaOf)].sort().map(([area, operations]) => `- ${area}: ${operations.map(code).join(', ')}`)
}

/** Operation → names of the cases in `tests/conformance` that ask for it. */
export type TestedBy = Readonly<Record<string, readonly string[]>>

export function compatibilityPage(cases: TestedBy): string {
  const routes = Object.entries(ROUTES) as [string, Route][]
  return `# Compatibility with Prefect

Pilotflame speaks the REST API of Prefect ${PREFECT_VERSION}: the same paths, JSON and meaning, so its clients can talk to it. This page says what is served, what is ours, and where the two differ. It is made from the contract in \`packages/core/src/api\`, and a test keeps it current.

## What is served

All paths are below \`/api\`. A path answers with and without a slash at its end. The websocket \`/events/in\` takes events as Prefect's clients send them; the pong to a ping says that everything before it is on disk. The websocket \`/events/out\` gives them out: after a greeting and a filter what happened in the last 15 minutes, and then what happens, each event once, in order, and after its flush; who falls more than 8 MB behind is cut off, and told again what was missed when it comes back. The websocket \`/logs/out\` does the same for log lines. Each operation names cases of \`npm run conformance\` that ask for it through Prefect's own, unmodified client; the same cases pass on Prefect's own server.

${routes
  .filter(([, { ours }]) => !ours)
  .map((route) => routeLine(route) + caseSentence(route[0], cases))
  .join('\n')}

## What is ours

${routes
  .filter(([, { ours }]) => ours)
  .map(routeLine)
  .join('\n')}

## Where it differs

Errors have Prefect's \`exception_message\` and also \`code\`, a word for programs, and \`retryable\`. 422 has \`exception_detail\`, where each fault has \`loc\`, \`msg\`, \`type\` and often \`suggestion\`; the request's body is not repeated. 409 and 501 also have \`detail\`.

${DIFFERENCES.map(differenceLines).join('\n')}

## What is not here yet

These operations of Prefect's answer 501 with a sentence that names them.

${laterLines().join('\n')}
`
}
