/**
 * The program behind `npm start`: a server with its embedded database, the chatbot served in a process of its own,
 * and a question asked at the terminal. The question goes in as an event through the public API, and the answer
 * streams back.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { AppError, runsOfOutcome, sentence } from '@pilotflame/core'
import { type RunningServer, startServer } from '@pilotflame/server'
import { type Context, openClient, readSettings } from './cli/context.ts'
import { describe, exitCodeOf, toAppError } from './cli/errors.ts'
import { type FollowedRun, followRun, succeeded, timelineObject } from './cli/follow-run.ts'
import { Output } from './cli/output.ts'
import { timelineLines } from './cli/say.ts'

const CHATBOT = join(import.meta.dirname, '..', '..', '..', 'examples', 'chatbot', 'chatbot.ts')
const EVENT = 'chat.message'
/** The chatbot reads and indexes the docs before it is ready; on a slow machine that takes a second. */
const CHATBOT_READY_MS = 15_000

const USAGE = `npm start -- [--ask QUESTION] [--json] [--port PORT] [--home FOLDER]

  --ask QUESTION  answers one question and exits
  --json          with --ask: the last line of stdout is one JSON object
  --port PORT     default 4200; 0 takes any free one
  --home FOLDER   where the database is; default PILOTFLAME_HOME, then ~/.pilotflame`

interface StartOptions {
  readonly ask: string | undefined
  readonly json: boolean
  readonly port: string | undefined
  readonly home: string | undefined
  readonly help: boolean
}

function readOptions(args: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ask: { type: 'string' },
        json: { type: 'boolean', default: false },
        port: { type: 'string' },
        home: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.ask?.trim() === '') throw new Error('--ask needs a question')
    return { ask: values.ask, json: values.json, port: values.port, home: values.home, help: values.help }
  } catch (cause) {
    throw new AppError('invalid_request', `${sentence((cause as Error).message.replaceAll('\n', ' '))}\n\n${USAGE}`, { cause })
  }
}

/** Starts the chatbot, and settles when it waits for questions. */
async function serveChatbot(apiUrl: string): Promise<ChildProcess> {
  if (!existsSync(CHATBOT)) throw new AppError('not_found', `There is no ${CHATBOT}. Start from a clone of the project.`)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHATBOT], {
    env: { ...process.env, PILOTFLAME_API_URL: apiUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-4_000)
  })
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new AppError('internal', `The chatbot did not start: ${why}`))
    const timer = setTimeout(() => fail(`it was not ready within ${CHATBOT_READY_MS / 1000} s. ${said}`), CHATBOT_READY_MS)
    child.stdout?.on('data', (text) => {
      if (!String(text).includes('is ready')) return
      clearTimeout(timer)
      resolve()
    })
    child.once('exit', (code) => fail(`it ended with ${code}. ${said}`))
  })
  return child
}

/** Sends the question, shows the answer as it comes, and gives the run. */
async function ask(context: Context, question: string): Promise<FollowedRun> {
  const { client } = context
  const id = crypto.randomUUID()
  const resource = { 'prefect.resource.id': 'pilotflame.terminal' }
  await client.emit({ id, occurred: new Date().toISOString(), event: EVENT, resource, payload: { question } })
  const verdicts = await client.verdicts(id)
  for (const { outcome } of verdicts) {
    const runId = runsOfOutcome(outcome)[0]?.flow_run_id
    if (runId !== undefined) return followRun(context, runId)
    if (outcome.kind === 'rejected_parameters') {
      throw new AppError('invalid_parameters', 'The question was refused: ask with at most 4 000 characters.', {
        faults: outcome.faults,
      })
    }
  }
  throw new AppError('internal', `No automation started a run for the event ${id}. Look with "pilot automation ls".`)
}

function show({ out, settings }: Context, { timeline, end }: FollowedRun): void {
  const marks = timeline.attempts.at(-1)?.marks ?? []
  if (!succeeded(end)) out.note(sentence(`The run ended as ${end.state_name}${end.message ? `: ${end.message}` : ''}`))
  for (const line of timelineLines(marks, out.width)) out.line(out.colors.dim(line))
  out.line(out.colors.dim(settings.apiUrl))
}

/** One document: what a program wants to know of a question. */
function documentOf({ run, timeline, text }: FollowedRun): object {
  const attempt = timeline.attempts.at(-1)
  return {
    run_id: run.id,
    deployment: 'chatbot',
    answer: text,
    timeline: timelineObject(timeline),
    first_line_ms: attempt?.first_line_ms ?? null,
    first_output_ms: attempt?.first_output_ms ?? null,
    total_ms: attempt?.total_ms ?? null,
  }
}

/** Lines of the terminal, or of stdin where there is none, until it ends. */
async function converse(context: Context): Promise<void> {
  const { out } = context
  const answering = { ...context, out: new AnswerOutput({ json: false }) }
  const terminal = process.stdin.isTTY === true
  out.line(`Ask something about Pilotflame, such as ${out.colors.cyan('how do I start a run from an event?')}`)
  out.line(out.colors.dim(`An empty line or Ctrl-C ends it. Its page: ${context.settings.apiUrl.replace(/api$/, '')}`))
  const reader = createInterface({ input: process.stdin, output: process.stdout, terminal, prompt: terminal ? '\n? ' : '' })
  const prompt = (): void => (terminal ? reader.prompt() : undefined)
  prompt()
  for await (const line of reader) {
    const question = line.trim()
    if (question === '' && terminal) break
    if (question !== '') show(context, await ask(answering, question))
    prompt()
  }
  reader.close()
}

/** Shows the answer alone: what `followRun` says about the run besides is left out. */
class AnswerOutput extends Output {
  override line(): void {
    this.endLine()
  }
  override item(): void {}
}

async function main(options: StartOptions): Promise<number> {
  const out = new Output({ json: options.json })
  const settings = readSettings({
    ...(options.port ? { port: options.port } : {}),
    ...(options.home ? { home: options.home } : {}),
  })
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  let server: RunningServer | undefined
  let chatbot: ChildProcess | undefined
  let connection: ReturnType<typeof openClient> | undefined
  try {
    const started = performance.now()
    const log = (level: string, message: string): void => (level === 'error' ? say(message) : undefined)
    server = await startServer({ ...settings, bodyBytesMax: 4_000_000, version: process.env.PILOTFLAME_VERSION ?? '', log })
    chatbot = await serveChatbot(server.apiUrl)
    say(`Pilotflame is ready at ${server.apiUrl} (${Math.round(performance.now() - started)} ms).`)
    connection = openClient({ apiUrl: server.apiUrl, authString: settings.authString })
    const context: Context = { out, settings: { ...settings, apiUrl: server.apiUrl }, ...connection }
    if (options.ask === undefined) {
      await converse(context)
      return 0
    }
    const followed = await ask({ ...context, out: new AnswerOutput({ json: options.json }) }, options.ask)
    show(context, followed)
    if (options.json) process.stdout.write(`${JSON.stringify(documentOf(followed))}\n`)
    return succeeded(followed.end) ? 0 : 1
  } finally {
    connection?.close()
    await endChild(chatbot)
    await server?.stop()
  }
}

async function endChild(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(`${USAGE}\n`)
  else process.exitCode = await main(options)
} catch (error) {
  const known = toAppError(error)
  process.stderr.write(`${describe(known, { json: false, debug: process.env.PILOTFLAME_DEBUG === '1' })}\n`)
  process.exitCode = exitCodeOf(known)
}
