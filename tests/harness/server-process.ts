/** A server in a process of its own, which a test ends or kills and starts again on the same home and port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PILOT } from './built.ts'

export interface ServerProcess {
  readonly apiUrl: string
  readonly home: string
  readonly process: ChildProcess
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  /** Ends it with this signal; settles with its exit code when it is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Another one on the same home and port. */
  startAgain(): Promise<ServerProcess>
  /** Kills it, and removes its home. */
  remove(): Promise<void>
}

/** Settles when it is ready. */
export async function startServerProcess(
  home = mkdtempSync(join(tmpdir(), 'pilotflame-process-')),
  port = 0,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [PILOT, 'server', 'start', '--json', '--home', home, '--port', String(port)], {
    env: { ...process.env, PILOTFLAME_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const apiUrl = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const [line] = text.split('\n')
      if (text.includes('\n') && line) resolve((JSON.parse(line) as { api_url: string }).api_url)
    })
    gone.then((code) => reject(new Error(`the server ended with ${code} before it was ready`)))
  })
  return {
    apiUrl,
    home,
    process: child,
    async request(method, path, body) {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    },
    end(signal) {
      child.kill(signal)
      return gone
    },
    startAgain: () => startServerProcess(home, Number(new URL(apiUrl).port)),
    async remove() {
      child.kill('SIGKILL')
      await gone
      rmSync(home, { recursive: true, force: true })
    },
  }
}
