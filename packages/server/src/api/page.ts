/** `GET /`: one small page that says what is here and what to type next. The dashboard's place. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, type ExecutorWire, type FlowRunWire } from '@pilotflame/core'
import type { HttpContext } from './exchange.ts'
import { STYLE } from './page-style.ts'

const RUNS_SHOWN = 12
/** How often the page looks again. */
const REFRESH_MS = 3_000

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char] ?? char)

/** Takes the new contents of the page while somebody looks at it. */
const SCRIPT = `
setInterval(async () => {
  if (document.hidden || String(getSelection())) return
  const answer = await fetch('/').catch(() => null)
  const page = answer && answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html')
  document.body.classList.toggle('away', !page)
  if (page) document.querySelector('main').replaceWith(page.querySelector('main'))
}, ${REFRESH_MS})`
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface PageFacts {
  readonly address: string
  readonly version: string
  readonly executors: readonly ExecutorWire[]
  readonly runs: readonly FlowRunWire[]
}

const ms = (value: number | null): string =>
  value === null ? '–' : `${value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)} ms`

const runRow = (run: FlowRunWire): string => `<tr>
<td><a href="/api/flow_runs/${escapeHtml(run.id)}/timeline">${escapeHtml(run.name)}</a></td>
<td><span class="state ${escapeHtml(run.state_type.toLowerCase())}">${escapeHtml(run.state_name)}</span></td>
<td class="number">${ms(run.first_line_ms)}</td>
<td class="time"><time>${escapeHtml(run.created.slice(0, 19).replace('T', ' '))}</time></td>
</tr>`

const runsTable = (runs: readonly FlowRunWire[]): string =>
  runs.length === 0
    ? '<p class="quiet">None yet.</p>'
    : `<table><thead><tr><th>run</th><th>state</th><th class="number">to first line</th><th class="time">created, UTC</th></tr></thead>
<tbody>${runs.map(runRow).join('\n')}</tbody></table>`

const executorLine = ({ name, host, pid, role, running, limit }: ExecutorWire): string => {
  const what = role === 'host' ? 'keeps processes ready' : `${running} of ${limit} running`
  return `<li><b>${escapeHtml(name)}</b> <span class="quiet">pid ${pid} on ${escapeHtml(host)}, ${what}</span></li>`
}

const executorsList = (executors: readonly ExecutorWire[]): string =>
  executors.length === 0
    ? '<p class="quiet">None is connected: runs wait until one is.</p>'
    : `<ul>${executors.map(executorLine).join('\n')}</ul>`

function nextStep({ executors, runs }: PageFacts): string {
  if (executors.length === 0)
    return 'Serve a flow, so that something can run:\n\n<code>pilot serve my-flow.ts --on chat.message</code>'
  if (runs.length === 0)
    return `Send an event, and watch what it starts:\n\n<code>pilot event emit chat.message --data '{"question": "How do I start a run from an event?"}' --follow</code>`
  return 'See where the time of the last run went:\n\n<code>pilot run timeline latest</code>'
}

export function renderPage(facts: PageFacts): string {
  const [intro = '', command = ''] = nextStep(facts).split('\n\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Pilotflame</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23e4572e' d='M8 1c1 3 4 4 4 8a4 4 0 0 1-8 0c0-2 1-3 2-4 0 1 .5 2 1 2 1-1 .5-4 1-6z'/%3E%3C/svg%3E">
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Pilotflame</h1>
<p><span class="lamp"></span><code>${escapeHtml(facts.address)}</code> <span class="quiet">version ${escapeHtml(facts.version)}</span></p>
</header>
<section aria-labelledby="next"><h2 id="next">What to type next</h2><p>${intro}</p><pre>${command}</pre></section>
<section aria-labelledby="executors"><h2 id="executors">Executors</h2>${executorsList(facts.executors)}</section>
<section aria-labelledby="runs"><h2 id="runs">Last runs</h2><div class="wide">${runsTable(facts.runs)}</div></section>
<footer class="quiet"><a href="/api/openapi.json">API</a></footer>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`
}

export async function sendPage(
  context: HttpContext,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const { app } = context
  if (path !== '/')
    throw new AppError(
      'route_not_found',
      `There is nothing at ${path}. The API is at /api, and GET /api/openapi.json lists its routes.`,
    )
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new AppError('method_not_allowed', `/ does not take ${request.method}. It takes GET.`, { facts: { allow: 'GET' } })
  }
  const runs = JSON.parse(
    await app.store.read.flowRuns({}, 'ID_DESC', { limit: RUNS_SHOWN, offset: 0 }, app.clock.now()),
  ) as FlowRunWire[]
  const address = `http://${request.headers.host}/api`
  const html = renderPage({ address, version: app.version, executors: app.executors.list(), runs })
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    'content-security-policy': POLICY,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
  response.end(html)
}
