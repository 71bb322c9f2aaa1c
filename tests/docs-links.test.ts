/** Every relative link of the project's pages leads to a file, and to a heading of it, that exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { anchorsIn } from '../examples/chatbot/knowledge/split.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const pages = ['.', 'docs', 'decisions'].flatMap(markdownIn)

const LINK = /\]\(([^)\s]+)\)/g
const withoutCode = (markdown: string) => markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

function brokenLinks(page: string): readonly string[] {
  const targets = [...withoutCode(readFileSync(join(root, page), 'utf8')).matchAll(LINK)].map((match) => String(match[1]))
  return targets.filter((target) => !/^[a-z]+:/.test(target)).filter((target) => !leadsSomewhere(page, target))
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || anchorsIn(readFileSync(join(root, file), 'utf8')).includes(anchor)
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  expect(brokenLinks(page)).toEqual([])
})
