/** Every setting and where it came from: a flag, the environment, pilotflame.toml, or the default. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError, nearest } from '@pilotflame/core'
import { parseDuration } from './durations.ts'
import type { TomlValue } from './toml.ts'

export const SETTING_NAMES = [
  'home',
  'api_url',
  'auth_string',
  'host',
  'port',
  'allowed_hosts',
  'log_level',
  'run_retention',
  'event_retention',
] as const
export type SettingName = (typeof SETTING_NAMES)[number]

interface Definition {
  readonly flag: string
  /** The first one that is set counts. */
  readonly env: readonly string[]
  /** Its name in pilotflame.toml. */
  readonly key: string
  readonly fallback: string
}

export const DEFINITIONS: Readonly<Record<SettingName, Definition>> = {
  home: { flag: '--home', env: ['PILOTFLAME_HOME'], key: 'home', fallback: join(homedir(), '.pilotflame') },
  api_url: { flag: '--api-url', env: ['PILOTFLAME_API_URL', 'PREFECT_API_URL'], key: 'api_url', fallback: '' },
  auth_string: {
    flag: '--auth-string',
    env: ['PILOTFLAME_API_AUTH_STRING', 'PREFECT_API_AUTH_STRING'],
    key: 'auth_string',
    fallback: '',
  },
  host: { flag: '--host', env: ['PILOTFLAME_HOST'], key: 'server.host', fallback: '127.0.0.1' },
  port: { flag: '--port', env: ['PILOTFLAME_PORT'], key: 'server.port', fallback: '4200' },
  allowed_hosts: {
    flag: '--allowed-host',
    env: ['PILOTFLAME_ALLOWED_HOSTS'],
    key: 'server.allowed_hosts',
    fallback: '',
  },
  log_level: { flag: '--log-level', env: ['PILOTFLAME_LOG_LEVEL'], key: 'server.log_level', fallback: 'warning' },
  run_retention: { flag: '--run-retention', env: ['PILOTFLAME_RUN_RETENTION'], key: 'server.run_retention', fallback: '7d' },
  event_retention: {
    flag: '--event-retention',
    env: ['PILOTFLAME_EVENT_RETENTION'],
    key: 'server.event_retention',
    fallback: '7d',
  },
}

export interface Setting {
  readonly name: SettingName
  readonly value: string
  /** `--port`, `PILOTFLAME_PORT`, `pilotflame.toml` or `default`. */
  readonly source: string
}

export interface Settings {
  readonly home: string
  readonly apiUrl: string
  readonly authString: string | null
  readonly host: string
  readonly port: number
  readonly allowedHosts: readonly string[]
  readonly logLevel: LogLevel
  /** In milliseconds; null: for ever. */
  readonly runRetentionMs: number | null
  readonly eventRetentionMs: number | null
  readonly list: readonly Setting[]
}

export const LOG_LEVELS = ['info', 'warning', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface SettingSources {
  readonly flags: Readonly<Partial<Record<SettingName, string>>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: ReadonlyMap<string, TomlValue>
}

function checkKeys(file: SettingSources['file']): void {
  const known = SETTING_NAMES.map((name) => DEFINITIONS[name].key)
  for (const key of file.keys()) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    const hint = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${near}?`
    throw new AppError('invalid_request', `pilotflame.toml has a setting "${key}" that does not exist. ${hint}`)
  }
}

const PREFIX = 'PILOTFLAME_'
/** Variables that are no settings. */
const OTHER_VARIABLES = ['DEBUG', 'ENCRYPTION_KEY', 'CHILD', 'VERSION']

/**
 * A sentence for each variable that is spelt nearly as one of ours. It is no error: others may have variables of that
 * prefix, too.
 */
export function misspeltVariables(env: SettingSources['env']): string[] {
  const ours = SETTING_NAMES.flatMap((name) => DEFINITIONS[name].env).filter((name) => name.startsWith(PREFIX))
  const known = [...ours.map((name) => name.slice(PREFIX.length)), ...OTHER_VARIABLES]
  const given = Object.keys(env).filter((name) => name.startsWith(PREFIX))
  return given.flatMap((name) => {
    const word = name.slice(PREFIX.length)
    const near = known.includes(word) ? undefined : nearest(word, known)
    return near === undefined ? [] : [`The variable ${name} says nothing to pilot. Did you mean ${PREFIX}${near}?`]
  })
}

function find(name: SettingName, { flags, env, file }: SettingSources): Setting {
  const { flag, env: variables, key, fallback } = DEFINITIONS[name]
  const given = flags[name]
  if (given !== undefined) return { name, value: given, source: flag }
  const variable = variables.find((one) => env[one] !== undefined && env[one] !== '')
  if (variable !== undefined) return { name, value: env[variable] ?? '', source: variable }
  const written = file.get(key)
  if (written !== undefined) return { name, value: String(written), source: 'pilotflame.toml' }
  return { name, value: fallback, source: 'default' }
}

function readPort({ value, source }: Setting): number {
  const port = Number(value)
  if (/^\d+$/.test(value) && port <= 65_535) return port
  const from = source === '--port' ? '--port' : `The port of ${source}`
  throw new AppError('invalid_request', `${from} is "${value}". Give a number from 0 to 65535; 0 takes any free one.`)
}

function readUrl({ value, source }: Setting): string {
  const protocol = URL.canParse(value) ? new URL(value).protocol : ''
  if (protocol === 'http:' || protocol === 'https:') return value.replace(/\/+$/, '')
  throw new AppError(
    'invalid_request',
    `The API address "${value}" of ${source} is none. Give one such as http://127.0.0.1:4200/api.`,
  )
}

function readLevel({ value, source }: Setting): LogLevel {
  const level = LOG_LEVELS.find((one) => one === value.toLowerCase())
  if (level) return level
  throw new AppError('invalid_request', `The log level "${value}" of ${source} does not exist. Use ${LOG_LEVELS.join(', ')}.`)
}

function readRetention({ value, source }: Setting): number | null {
  if (value.toLowerCase() === 'off') return null
  const ms = parseDuration(value)
  if (ms !== undefined && ms > 0) return ms
  throw new AppError('invalid_request', `The retention "${value}" of ${source} is none. Give one such as 7d, 12h or 30m, or off.`)
}

const expandHome = (path: string): string => resolve(path.replace(/^~(?=$|\/)/, homedir()))
const local = (port: number): string => `http://127.0.0.1:${port}/api`

/** Throws `invalid_request` for a value that makes no sense, and for a setting of the file that does not exist. */
export function resolveSettings(sources: SettingSources): Settings {
  checkKeys(sources.file)
  const found = new Map(SETTING_NAMES.map((name) => [name, find(name, sources)]))
  const get = (name: SettingName): Setting => found.get(name) ?? find(name, sources)
  const port = readPort(get('port'))
  const named = get('api_url')
  // Who moves the server to another port looks for it there, too.
  const apiUrl = named.source === 'default' ? local(port) : readUrl(named)
  const home = expandHome(get('home').value)
  const shown = (setting: Setting): Setting => {
    if (setting.name === 'home') return { ...setting, value: home }
    if (setting.name === 'auth_string') return { ...setting, value: setting.value.replace(/:.*$/s, ':…') }
    if (setting.name !== 'api_url') return setting
    const from = get('port').source
    return {
      ...setting,
      value: apiUrl,
      source: named.source === 'default' && from !== 'default' ? `${from} (port)` : named.source,
    }
  }
  return {
    home,
    apiUrl,
    authString: get('auth_string').value || null,
    host: get('host').value,
    port,
    allowedHosts: get('allowed_hosts')
      .value.split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
    logLevel: readLevel(get('log_level')),
    runRetentionMs: readRetention(get('run_retention')),
    eventRetentionMs: readRetention(get('event_retention')),
    list: SETTING_NAMES.map((name) => shown(get(name))),
  }
}
