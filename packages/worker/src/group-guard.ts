/**
 * Ends what a host leaves behind when it is killed without a word: a process that hangs, or was stopped, cannot see
 * that its host is gone. A shell waits at the other end of a pipe, which closes with the host; then the process groups
 * get a while to end by themselves, and what is left is killed. It takes no time, and a megabyte.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** As long as a host that is told to leave waits for its runs. */
export const GRACE_SECONDS = 10

/** Reads `+ PID` and `- PID`. Once a second it forgets the groups that are gone, and it leaves with the last one. */
const script = (graceSeconds: number): string => `
trap '' HUP INT TERM
groups=''
without() { kept=''; for one in $groups; do [ "$one" = "$1" ] || kept="$kept $one"; done; groups=$kept; }
while read -r word group; do
  case $word in
    +) groups="$groups $group" ;;
    -) without "$group" ;;
  esac
done
left=${graceSeconds}
while :; do
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null || without "$group"; done
  [ -n "$groups" ] || exit 0
  [ "$left" -gt 0 ] || break
  left=$((left - 1))
  sleep 1
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`

export class GroupGuard {
  readonly #groups = new Set<number>()
  readonly #graceSeconds: number
  #shell: ChildProcess | undefined

  constructor(graceSeconds = GRACE_SECONDS) {
    this.#graceSeconds = graceSeconds
  }

  add(pid: number): void {
    this.#groups.add(pid)
    if (this.#shell) this.#tell(`+ ${pid}`)
    else this.#start()
  }

  remove(pid: number): void {
    if (this.#groups.delete(pid)) this.#tell(`- ${pid}`)
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`)
  }

  /** Where there is no shell nobody guards; where it was ended, the next process that starts gets another one. */
  #start(): void {
    const { PATH = '' } = process.env
    const shell = spawn('/bin/sh', ['-c', script(this.#graceSeconds)], {
      detached: true,
      env: { PATH },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#shell = shell
    const ended = () => {
      if (this.#shell === shell) this.#shell = undefined
    }
    shell.on('error', ended)
    shell.on('exit', ended)
    shell.stdin.on('error', ended)
    shell.unref()
    for (const pid of this.#groups) this.#tell(`+ ${pid}`)
  }
}
