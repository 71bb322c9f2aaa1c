/** What every command body gets: its settings, where to write, and a client of the server. */
import { readFileSync } from 'node:fs'
import { type Client, createClient } from '@pilotflame/core'
import { createTransport } from '@pilotflame/sdk'
import { Output } from './output.ts'
import { misspeltVariables, resolveSettings, type SettingName, type Settings } from './settings.ts'
import { parseToml, type TomlValue } from './toml.ts'

export interface Context {
  readonly out: Output
  readonly settings: Settings
  readonly client: Client
  /** Closes the connections that are kept open. */
  close(): void
}

export interface GlobalOptions {
  readonly json?: boolean
  readonly apiUrl?: string
  readonly authString?: string
  readonly home?: string
  readonly host?: string
  readonly port?: string
  readonly logLevel?: string
  readonly runRetention?: string
  readonly eventRetention?: string
  readonly allowedHost?: readonly string[]
}

const FILE = 'pilotflame.toml'

function readSettingsFile(): ReadonlyMap<string, TomlValue> {
  let text: string
  try {
    text = readFileSync(FILE, 'utf8')
  } catch {
    return new Map() // most projects have none
  }
  return parseToml(text, FILE)
}

function flagsOf(options: GlobalOptions): Partial<Record<SettingName, string>> {
  const given: Record<SettingName, string | undefined> = {
    home: options.home,
    api_url: options.apiUrl,
    auth_string: options.authString,
    host: options.host,
    port: options.port,
    log_level: options.logLevel,
    run_retention: options.runRetention,
    event_retention: options.eventRetention,
    allowed_hosts: options.allowedHost?.join(','),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

export const readSettings = (options: GlobalOptions): Settings =>
  resolveSettings({ flags: flagsOf(options), env: process.env, file: readSettingsFile() })

export function createContext(options: GlobalOptions): Context {
  const settings = readSettings(options)
  const { client, close } = openClient(settings)
  const out = new Output({ json: options.json === true })
  for (const sentence of misspeltVariables(process.env)) out.note(sentence)
  return { out, settings, client, close }
}

export function openClient({ apiUrl, authString }: Pick<Settings, 'apiUrl' | 'authString'>): { client: Client; close(): void } {
  const transport = createTransport()
  const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs))
  return { client: createClient({ apiUrl, authString, fetch: transport.fetch, pause }), close: transport.close }
}
