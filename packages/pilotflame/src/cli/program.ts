/**
 * The tree of commands with their options and help. Imports little beside commander, so that `--help` answers at once: bodies,
 * client and server are loaded by the command that needs them.
 */
import type { Command } from 'commander'
import { CommanderError, Option } from 'commander'
import type { Context, GlobalOptions } from './context.ts'
import { exampleText, helpLayout } from './help.ts'
import { collect, createRoot, group, leaf, optionsOf } from './tree.ts'
import { VERSION } from './version.ts'

/** Tells the body to end through its own exit code; 0 where it gives none. */
async function start(command: Command, body: (context: Context) => number | Promise<number>): Promise<void> {
  const options = optionsOf<object>(command)
  try {
    const { createContext } = await import('./context.ts')
    const context = createContext(options)
    process.exitCode = await body(context)
    context.close()
  } catch (error) {
    await fail(error, options)
  }
}

async function fail(error: unknown, options: GlobalOptions): Promise<void> {
  const { describe, exitCodeOf, toAppError } = await import('./errors.ts')
  const known = toAppError(error)
  process.stderr.write(`${describe(known, { json: options.json === true, debug: process.env.PILOTFLAME_DEBUG === '1' })}\n`)
  process.exitCode = exitCodeOf(known)
}

function addServer(root: Command): void {
  leaf(root, {
    name: 'dev [dir]',
    about: 'server and every flow file here, loaded again on change',
    examples: ['pilot dev', 'pilot dev flows --port 4300'],
  })
    .option('--host <host>', 'where the server listens')
    .option('--port <port>', 'its port; 0 takes any free one')
    .option('--home <folder>', 'where the database is')
    .action((dir: string | undefined, _: object, command: Command) =>
      start(command, async (context) => (await import('./commands/dev.ts')).develop(context, dir ?? '.')),
    )

  const server = group(root, { name: 'server', about: 'the server', examples: ['pilot server start --port 4300'] })
  leaf(server, {
    name: 'start',
    about: 'starts the server with its embedded database',
    examples: [
      'pilot server start',
      'pilot server start --home ./data --port 4300',
      'pilot server start --host 0.0.0.0 --auth-string ada:a-long-password',
    ],
  })
    .option('--host <host>', 'where it listens; beyond loopback it needs an auth string')
    .option('--port <port>', 'its port; 0 takes any free one')
    .option('--home <folder>', 'where the database is')
    .option('--allowed-host <name>', 'another name it answers to; may be given more than once', collect)
    .option('--log-level <level>', 'what it logs: info, warning or error')
    .option('--run-retention <time>', 'how long a run is kept after its end, such as 7d; off: for ever')
    .option('--event-retention <time>', 'how long an event is kept, such as 7d; off: for ever')
    .action((_: object, command: Command) =>
      start(command, async (context) => (await import('./commands/server-start.ts')).serveApi(context)),
    )

  leaf(root, {
    name: 'serve <file[:export]>',
    about: 'makes this process an executor for a flow of a file',
    examples: [
      'pilot serve chatbot.ts:chatbot --name chatbot --on chat.message',
      'pilot serve flows.ts --limit 5',
      'pilot serve report.ts:report --isolation fresh --warm 1..4 --memory 256',
    ],
  })
    .option('--name <name>', "the deployment's name; default: the flow's")
    .option(
      '--on <event>',
      'an event that starts it, or a prefix such as chat.*; may be given more than once; none takes the automation away; default: it stays as it is',
      collect,
    )
    .option('--limit <n>', 'how many runs this process takes at once; default: 100')
    .option(
      '--isolation <kind>',
      'fresh: each run gets a process of its own; reuse: one after the other; default: runs share this one',
    )
    .option('--warm <min..max>', 'how many processes are ready before a run comes, and how many there may be; default: 1..8')
    .option('--memory <mb>', 'the memory one process may take, in megabytes; default: 512')
    .addOption(new Option('--entrypoint <file>', 'what the deployment says of where its code is').hideHelp())
    .action((file: string, _: object, command: Command) =>
      start(command, async (context) => (await import('./commands/serve.ts')).serveFile(context, file, optionsOf(command))),
    )
}

function addEvent(root: Command): void {
  const event = group(root, { name: 'event', about: 'events', examples: [`pilot event emit order.paid --data '{"order":17}'`] })
  leaf(event, {
    name: 'emit <name>',
    about: 'sends an event',
    examples: [
      `pilot event emit order.paid --data '{"order":17}'`,
      `pilot event emit chat.message --data '{"question":"what is a flow?"}' --follow`,
      'pilot event emit order.paid --data - < order.json',
    ],
  })
    .option('--data <json>', 'its payload: a JSON object, or - to read it from stdin')
    .option('--resource <id>', 'what it is about', 'pilotflame.cli')
    .option('--id <uuid>', 'its id; the same id twice is one event')
    .option('--follow', 'shows what it starts, and streams the output')
    .action((name: string, _: object, command: Command) =>
      start(command, async (context) => (await import('./commands/event-emit.ts')).emitEvent(context, name, optionsOf(command))),
    )
  leaf(event, {
    name: 'why <id> <automation>',
    about: 'says why an event did or did not fire an automation',
    examples: ['pilot event why 0198f3a0-5c1e-7000-8000-000000000001 "thank for an order"'],
  }).action((id: string, automation: string, _: object, command: Command) =>
    start(command, async (context) => (await import('./commands/event-why.ts')).explainEvent(context, id, automation)),
  )
}

function addDeployment(root: Command): void {
  const body = () => import('./commands/deployment.ts')
  const deployment = group(root, {
    name: 'deployment',
    about: 'flows that can be started by name',
    examples: ['pilot deployment run hello --param name=Ada --follow'],
  })
  leaf(deployment, { name: 'ls', about: 'lists them', examples: ['pilot deployment ls'] }).action((_: object, command: Command) =>
    start(command, async (context) => (await body()).listDeployments(context)),
  )
  leaf(deployment, { name: 'inspect <name>', about: 'shows one', examples: ['pilot deployment inspect hello/hello'] }).action(
    (name: string, _: object, command: Command) =>
      start(command, async (context) => (await body()).inspectDeployment(context, name)),
  )
  leaf(deployment, {
    name: 'run <name>',
    about: 'starts a run of one',
    examples: [
      'pilot deployment run hello --param name=Ada --follow',
      `pilot deployment run hello/hello --params '{"name":"Ada"}'`,
    ],
  })
    .option('--param <name=value>', 'a parameter; may be given more than once', collect, [])
    .option('--params <json>', 'all parameters as a JSON object, or - to read it from stdin')
    .option('--follow', 'streams the output until the end')
    .option('--name <name>', "the run's name")
    .option('--tag <tag>', 'a tag of the run; may be given more than once', collect, [])
    .option('--idempotency-key <key>', 'the same key twice is one run')
    .action((name: string, _: object, command: Command) =>
      start(command, async (context) => (await body()).runDeployment(context, name, optionsOf(command))),
    )
  addPauses(deployment)
}

function addPauses(deployment: Command): void {
  const pause = (paused: boolean) => (name: string, _: object, command: Command) =>
    start(command, async (context) => (await import('./commands/deployment-pause.ts')).pauseDeployment(context, name, paused))
  leaf(deployment, { name: 'pause <name>', about: 'lets its runs wait', examples: ['pilot deployment pause hello'] }).action(
    pause(true),
  )
  leaf(deployment, { name: 'resume <name>', about: 'starts them again', examples: ['pilot deployment resume hello'] }).action(
    pause(false),
  )
}

function addRun(root: Command): void {
  const body = () => import('./commands/run.ts')
  const run = group(root, {
    name: 'flow-run',
    about: 'runs; RUN is a name, the last 8 characters of an id, an id, or latest',
    examples: ['pilot run ls', 'pilot run timeline latest'],
  }).alias('run')
  leaf(run, { name: 'ls', about: 'lists the last ones', examples: ['pilot run ls', 'pilot run ls --state failed --limit 5'] })
    .option('--state <state>', 'only those in this state; may be given more than once', collect, [])
    .option('--deployment <name>', 'only those of this deployment')
    .option('--limit <n>', 'how many', '20')
    .action((_: object, command: Command) =>
      start(command, async (context) => (await body()).listRuns(context, optionsOf(command))),
    )
  leaf(run, { name: 'inspect <run>', about: 'shows one', examples: ['pilot run inspect latest'] }).action(
    (name: string, _: object, command: Command) => start(command, async (context) => (await body()).inspectRun(context, name)),
  )
  leaf(run, { name: 'logs <run>', about: 'shows what it wrote', examples: ['pilot run logs latest --follow'] })
    .option('--follow', 'until it ends')
    .action((name: string, _: object, command: Command) =>
      start(command, async (context) => (await import('./commands/run-logs.ts')).showLogs(context, name, optionsOf(command))),
    )
  leaf(run, {
    name: 'why <run>',
    about: 'says what it waits for, and what mends that',
    examples: ['pilot run why latest'],
  }).action((name: string, _: object, command: Command) =>
    start(command, async (context) => (await import('./commands/run-why.ts')).explainRun(context, name)),
  )
  leaf(run, { name: 'timeline <run>', about: 'shows where its time went', examples: ['pilot run timeline latest'] }).action(
    (name: string, _: object, command: Command) =>
      start(command, async (context) => (await import('./commands/run-timeline.ts')).showTimeline(context, name)),
  )
  leaf(run, { name: 'cancel <run>', about: 'stops it', examples: ['pilot run cancel brisk-otter-7f3a'] }).action(
    (name: string, _: object, command: Command) => start(command, async (context) => (await body()).cancelRun(context, name)),
  )
  leaf(run, { name: 'delete <run>', about: 'deletes it with all that it wrote', examples: ['pilot run delete 0a1b2c3d'] }).action(
    (name: string, _: object, command: Command) => start(command, async (context) => (await body()).deleteRun(context, name)),
  )
}

function addAutomation(root: Command): void {
  const body = () => import('./commands/automation.ts')
  const automation = group(root, {
    name: 'automation',
    about: 'what waits for events and starts runs',
    examples: ['pilot automation ls'],
  })
  leaf(automation, { name: 'ls', about: 'lists them', examples: ['pilot automation ls'] }).action((_: object, command: Command) =>
    start(command, async (context) => (await body()).listAutomations(context)),
  )
  leaf(automation, {
    name: 'create [file]',
    about: 'creates one from JSON',
    examples: ['pilot automation create automation.json', 'pilot automation create - < automation.json'],
  })
    .option('--file <file>', 'the same as the argument')
    .option('--json-file <file>', 'the same as the argument; - reads stdin')
    .action((file: string | undefined, _: object, command: Command) =>
      start(command, async (context) => (await body()).createAutomation(context, file, optionsOf(command))),
    )
  leaf(automation, {
    name: 'inspect <name>',
    about: 'shows one with its trigger and actions',
    examples: ['pilot automation inspect "thank for an order"'],
  }).action((name: string, _: object, command: Command) =>
    start(command, async (context) => (await body()).inspectAutomation(context, name)),
  )
  leaf(automation, {
    name: 'delete <name>',
    about: 'deletes one',
    examples: ['pilot automation delete "thank for an order"'],
  }).action((name: string, _: object, command: Command) =>
    start(command, async (context) => (await body()).deleteAutomation(context, name)),
  )
  leaf(automation, {
    name: 'test [name]',
    about: 'shows what an event would do, without storing anything; without a name, for all of them',
    examples: [
      'pilot automation test "thank for an order" --event event.json',
      `pilot automation test --event order.paid --data '{"order":17}' --resource shop.order.17`,
    ],
  })
    .requiredOption('--event <file-or-name>', 'a file with the event as JSON, or its name')
    .option('--data <json>', 'its payload, where --event is a name')
    .option('--resource <id>', 'what it is about, where --event is a name')
    .action((name: string | undefined, _: object, command: Command) =>
      start(command, async (context) => (await body()).testAutomation(context, name, optionsOf(command))),
    )
}

function addRest(root: Command): void {
  const body = () => import('./commands/hook.ts')
  const hook = group(root, {
    name: 'hook',
    about: 'addresses that make an event of what is posted',
    examples: ['pilot hook create github'],
  })
  leaf(hook, { name: 'ls', about: 'lists them', examples: ['pilot hook ls'] }).action((_: object, command: Command) =>
    start(command, async (context) => (await body()).listHooks(context)),
  )
  leaf(hook, {
    name: 'create <name>',
    about: 'creates one; its secret is shown this once',
    examples: ['pilot hook create github', 'pilot hook create sensor --event sensor.read --unsigned'],
  })
    .option('--event <name>', 'the event it makes; default: pilotflame.hook.received')
    .option('--unsigned', 'takes deliveries without a signature')
    .action((name: string, _: object, command: Command) =>
      start(command, async (context) => (await body()).createHook(context, name, optionsOf(command))),
    )
  leaf(hook, { name: 'delete <name>', about: 'deletes one', examples: ['pilot hook delete github'] }).action(
    (name: string, _: object, command: Command) => start(command, async (context) => (await body()).deleteHook(context, name)),
  )
  const config = group(root, { name: 'config', about: 'settings', examples: ['pilot config view'] })
  leaf(config, { name: 'view', about: 'shows every setting and where it came from', examples: ['pilot config view --json'] })
    .option('--home <folder>', 'as the server would get it')
    .action((_: object, command: Command) =>
      start(command, async (context) => (await import('./commands/config.ts')).viewConfig(context)),
    )
  const db = group(root, { name: 'db', about: 'the database', examples: ['pilot db prune --dry-run'] })
  leaf(db, {
    name: 'prune',
    about: 'removes runs that ended, and events that came, long ago; the server does it by itself, too',
    examples: ['pilot db prune --dry-run', 'pilot db prune --older-than 2d'],
  })
    .option('--dry-run', 'only counts what would go')
    .option('--older-than <time>', 'the age, such as 7d, 12h, 30m or 45s; default: what the server is set to')
    .action((_: object, command: Command) =>
      start(command, async (context) => (await import('./commands/db.ts')).prune(context, optionsOf(command))),
    )
  leaf(root, { name: 'version', about: 'shows the version', examples: ['pilot version'] }).action((_: object, command: Command) =>
    start(command, ({ out }) => {
      out.document({ version: VERSION, node: process.versions.node })
      out.line(VERSION)
      return 0
    }),
  )
}

export function createProgram(): Command {
  const root = createRoot()
    .description('Pilotflame: an event comes in, a run of your flow starts at once, and its answer streams back.')
    .option('--json', 'JSON on stdout and nothing else: one document, or one line per item where output streams')
    .option('--api-url <url>', 'the server to talk to; default: PILOTFLAME_API_URL, then http://127.0.0.1:4200/api')
    .option('--auth-string <user:password>', 'what lets you in; default: PILOTFLAME_API_AUTH_STRING')
    .version(VERSION, '-V, --version', 'shows the version')
    .addHelpText('after', () =>
      exampleText(['pilot dev', `pilot event emit person.arrived --data '{"name":"Ada"}' --follow`, 'pilot run timeline latest']),
    )
  // Before the commands are made: they take these over.
  root
    .exitOverride()
    .allowExcessArguments(false)
    .addHelpCommand(false)
    .configureHelp(helpLayout())
    .configureOutput({ outputError: () => undefined })
    .showHelpAfterError(false)
  addServer(root)
  addEvent(root)
  addDeployment(root)
  addRun(root)
  addAutomation(root)
  addRest(root)
  return root
}

/** What commander says, as a sentence of ours. */
export function sayUsage({ message }: { readonly message: string }): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n')
  const hint = rest.join(' ').replace(/^\(|\)$/g, '')
  const said = first.charAt(0).toUpperCase() + first.slice(1).replaceAll("'", '"')
  const ended = /[.?!]$/.test(said) ? said : `${said}.`
  return hint === '' ? ended : `${ended} ${hint}`
}

export async function runProgram(args: readonly string[]): Promise<void> {
  const root = createProgram()
  if (args.length === 0) return root.outputHelp()
  try {
    await root.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return
    process.exitCode = 2
    // "pilot run" alone: the help is the answer, and was shown.
    if (error.code === 'commander.help') return
    const message = `${sayUsage(error)}${error.message.includes('Did you mean') ? '' : ' See "pilot --help".'}`
    const json = args.includes('--json')
    process.stderr.write(`${json ? JSON.stringify({ code: 'invalid_request', exception_message: message }) : message}\n`)
  }
}
