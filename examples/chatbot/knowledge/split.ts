/**
 * Cuts a Markdown page into passages, one for each heading. A passage is the unit that is found, quoted and
 * linked, so each one carries the link to its own heading.
 */
export interface Passage {
  /** The page's first heading. */
  readonly title: string
  readonly heading: string
  /** Markdown between this heading and the next. */
  readonly text: string
  /** The page and the heading's anchor: `docs/events.md#send-an-event`. */
  readonly link: string
}

const HEADING = /^(#{1,6})\s+(.+?)\s*#*\s*$/
const FENCE = /^\s*(```+|~~~+)/

/** The anchor that Markdown hosts give a heading: lower case, no punctuation, hyphens for spaces. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

/** Headings without their marks: `` `pilot run` `` → `pilot run`. */
const plain = (heading: string): string => heading.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')

interface Section {
  readonly heading: string
  readonly anchor: string
  readonly lines: string[]
}

/** Passages of one page; `path` is the page as links name it. Headings without text of their own are left out. */
export function splitPage(path: string, markdown: string): readonly Passage[] {
  const sections = sectionsOf(markdown)
  const title = sections[0]?.heading ?? path
  return sections
    .map(({ heading, anchor, lines }) => ({ title, heading, text: lines.join('\n').trim(), link: `${path}#${anchor}` }))
    .filter(({ text }) => text !== '')
}

/** Every anchor that a link into this page can name. */
export const anchorsIn = (markdown: string): readonly string[] => sectionsOf(markdown).map(({ anchor }) => anchor)

function sectionsOf(markdown: string): readonly Section[] {
  const sections: Section[] = []
  const anchorsSeen = new Map<string, number>()
  let fence: string | undefined
  for (const line of markdown.split(/\r?\n/)) {
    fence = fenceAfter(line, fence)
    const heading = fence === undefined ? HEADING.exec(line)?.[2] : undefined
    if (heading === undefined) sections.at(-1)?.lines.push(line)
    else sections.push({ heading: plain(heading), anchor: uniqueAnchor(plain(heading), anchorsSeen), lines: [] })
  }
  return sections
}

/** The fence that is open after this line: what looks like a heading inside of one is code. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const mark = FENCE.exec(line)?.[1]
  if (mark === undefined) return open
  if (open === undefined) return mark
  return mark.startsWith(open) ? undefined : open
}

/** The second heading of the same name gets `-1`, the third `-2`. */
function uniqueAnchor(heading: string, seen: Map<string, number>): string {
  const anchor = anchorOf(heading)
  const before = seen.get(anchor) ?? 0
  seen.set(anchor, before + 1)
  return before === 0 ? anchor : `${anchor}-${before}`
}
