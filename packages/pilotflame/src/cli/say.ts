/** Words for times, states and timelines: pure, so that every command says them the same way. */
import type { StateType, TimelinePart } from '@pilotflame/core'
import type { Colors } from './output.ts'
import { wrapParts } from './text-width.ts'

/** `3.2 ms`, `1.42 s`, `2 min 5 s`. */
export function sayMs(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(1)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** `just now`, `12 s ago`, `3 d ago`; `-` where it never was. */
export function sayAgo(moment: string | null, now: number): string {
  if (moment === null) return '-'
  const seconds = Math.floor((now - Date.parse(moment)) / 1_000)
  if (seconds < -1) return `in ${sayLength(-seconds)}`
  return seconds < 1 ? 'just now' : `${sayLength(seconds)} ago`
}

function sayLength(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

const SIGNS: Readonly<Record<StateType, string>> = {
  SCHEDULED: '○',
  PENDING: '◌',
  RUNNING: '●',
  COMPLETED: '✓',
  FAILED: '✗',
  CANCELLED: '⊘',
  CRASHED: '✗',
  PAUSED: '‖',
  CANCELLING: '◌',
}

export function paintState(type: StateType, text: string, colors: Colors): string {
  if (type === 'COMPLETED') return colors.green(text)
  if (type === 'FAILED' || type === 'CRASHED') return colors.red(text)
  if (type === 'RUNNING' || type === 'PENDING') return colors.cyan(text)
  if (type === 'CANCELLED') return colors.dim(text)
  return colors.yellow(text)
}

/** `✓ Completed`. */
export const sayState = (type: StateType, name: string): string => `${SIGNS[type]} ${name}`

/** `received 0.0 → matched 0.1 → … → completed 3.2 ms`, broken between marks where the terminal is narrow. */
export function timelineLines(parts: readonly TimelinePart[], width: number): string[] {
  const said = parts.map(({ mark, at_ms }, at) => `${mark} ${at_ms.toFixed(1)}${at === parts.length - 1 ? ' ms' : ''}`)
  return wrapParts(said, ' → ', width, '  ')
}

/** A bar for one part of a timeline: blank until it begins, then as long as it took, at least a thin one. */
export function bar(part: TimelinePart, total: number, width: number): string {
  if (total <= 0 || width < 1) return ''
  const begin = Math.min(width - 1, Math.round(((part.at_ms - part.took_ms) / total) * width))
  const exact = (part.took_ms / total) * width
  const length = Math.max(0, Math.min(width - begin, Math.round(exact)))
  return ' '.repeat(begin) + (length === 0 ? '▏' : '█'.repeat(length))
}
