/** A server in this process, from the settings of the command line. */
import type { FlowRun } from '@pilotflame/core'
import { type RunningServer, startServer } from '@pilotflame/server'
import { LOG_LEVELS, type LogLevel, type Settings } from './settings.ts'
import { VERSION } from './version.ts'

// 32 MB: a list of some ten thousand events.
const BODY_BYTES_MAX = 32_000_000

const isShown = (level: LogLevel, from: LogLevel): boolean => LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(from)

export function runServer(settings: Settings, onRunEnd?: (run: FlowRun) => void): Promise<RunningServer> {
  return startServer({
    home: settings.home,
    host: settings.host,
    port: settings.port,
    authString: settings.authString,
    allowedHosts: settings.allowedHosts,
    bodyBytesMax: BODY_BYTES_MAX,
    version: VERSION,
    retention: { runsMs: settings.runRetentionMs, eventsMs: settings.eventRetentionMs },
    log(level, message) {
      if (isShown(level, settings.logLevel)) process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`)
    },
    ...(onRunEnd === undefined ? {} : { onRunEnd }),
  })
}
