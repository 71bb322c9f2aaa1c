/** Who holds a port: asked over HTTP where it is one of us, and looked up in /proc where it is another program. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { get } from 'node:http'
import { basename } from 'node:path'
import { isObject } from '@pilotflame/core'
import type { Clock } from '../ports.ts'

const ANSWER_MS = 700
const ANSWER_BYTES_MAX = 10_000
const NAME_MAX = 60

interface Place {
  readonly host: string
  readonly port: number
}

/** The JSON that a path answers with; undefined when there is none in time. */
function ask({ host, port }: Place, path: string, clock: Clock): Promise<unknown> {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new Promise((resolve) => {
    const request = get({ host: address, port, path, headers: { accept: 'application/json' } }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
        if (body.length > ANSWER_BYTES_MAX) request.destroy()
      })
      response.on('end', () => resolve(parse(body)))
      response.on('close', () => resolve(undefined))
    })
    request.on('error', () => resolve(undefined))
    const stop = clock.after(ANSWER_MS, () => request.destroy())
    request.on('close', () => {
      stop()
      resolve(undefined)
    })
  })
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

async function programAt(place: Place, clock: Clock): Promise<string | undefined> {
  const [channel, hello] = await Promise.all([ask(place, '/api/channel', clock), ask(place, '/api/hello', clock)])
  if (isObject(channel) && 'boot_id' in channel) {
    const home = typeof channel.socket === 'string' ? ` with the home ${channel.socket.replace(/\/[^/]*$/, '')}` : ''
    return `a Pilotflame server${home}`
  }
  return hello === '👋' ? 'a Prefect server' : undefined
}

/** The inode of the socket that listens on `port`, from the kernel's table: columns 1 (address), 3 (state), 9 (inode). */
async function listeningInode(port: number): Promise<string | undefined> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const line of lines) {
      const columns = line.trim().split(/\s+/)
      if (columns[1]?.endsWith(`:${hex}`) && columns[3] === '0A') return columns[9]
    }
  }
  return undefined
}

async function holdsSocket(pid: string, link: string): Promise<boolean> {
  const open = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return links.includes(link)
}

async function pidAt(port: number): Promise<string | undefined> {
  const inode = await listeningInode(port)
  if (inode === undefined) return undefined
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if (await holdsSocket(pid, `socket:[${inode}]`)) return pid
  }
  return undefined
}

/** `node server.js` of a command line. Other arguments may be secrets, and are left out. */
export function sayCommand(commandLine: string): string {
  const [program = '', ...args] = commandLine.split('\0')
  const script = args.find((one) => /^[^\s-]\S*[./]\S+$/.test(one))
  // A program that has put a title in its place, such as "nginx: master process", has blanks in it.
  const parts = [/\s/.test(program) ? program : basename(program), ...(script === undefined ? [] : [basename(script)])]
  return parts
    .join(' ')
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, NAME_MAX)
    .trim()
}

/** Not from /proc/PID/comm: that is the name of a thread, which is "MainThread" for every Node program. */
const nameOf = async (pid: string): Promise<string> => sayCommand(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))

/** Such as `a Pilotflame server (pid 4711)`, or `another program`. */
export async function describeHolder(place: Place, clock: Clock): Promise<string> {
  const [program, pid] = await Promise.all([programAt(place, clock), pidAt(place.port)])
  if (pid === undefined) return program ?? 'another program'
  return program ? `${program} (pid ${pid})` : `${(await nameOf(pid)) || 'a program'} (pid ${pid})`
}
