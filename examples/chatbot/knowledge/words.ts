/** What a question asks about: its words without the ones that every question has, each with its synonyms. */

/** Words that say nothing about the subject. */
const COMMON = new Set(
  `a about actually after all already also am an and another any anything are as at be because been before being between
  but by came can cannot cant come comes could did didnt do does doesnt doing done dont each else ever every everything
  exactly explain few find for from get gets getting give go goes going good got had handle handles happen happened
  happens has have having hello help here hey hi how i if in into is isnt it its just kind know let like long make makes
  making many may me mean meaning means might mine more most much must my need needs never no not nothing now of off on
  once one only or other our out over own pass per please possible provide put same say says see set sets setting shall
  she should show so some somebody someone something stay still such support supports take tell than thank thanks that
  the their them then there these they thing things this those three to too try trying two under until up us use used
  using very want wanted was way we well were what whats when whenever where whether which while who whom whose why will
  with within without wont work working works would yes yet you your`.split(/\s+/),
)

/** The product itself: a word of the question only when there is no other. */
const PRODUCT = new Set(['pilotflame'])

/** Words that are no subject on their own. */
const WEAK = new Set(['time', 'times', 'name', 'names', 'number', 'numbers', 'order', 'word', 'words'])

/** Words that people use for one thing. All of a line find each other. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['start', 'launch', 'begin', 'trigger', 'kick', 'invoke'],
  ['cancel', 'abort', 'stop', 'kill', 'terminate', 'interrupt'],
  ['run', 'execution', 'execute', 'job'],
  ['flow', 'workflow'],
  ['limit', 'cap', 'restrict', 'throttle', 'maximum', 'max'],
  ['concurrent', 'concurrency', 'parallel', 'simultaneous', 'simultaneously'],
  ['hook', 'webhook', 'webhooks', 'callback'],
  ['sign', 'signature', 'signed', 'hmac'],
  ['send', 'emit', 'post', 'publish', 'submit'],
  ['retry', 'retries', 'reattempt'],
  ['pause', 'delay', 'backoff'],
  ['timeline', 'waterfall', 'breakdown'],
  ['fast', 'quick', 'speed', 'latency', 'performance', 'slow'],
  ['crash', 'crashed', 'die', 'dies', 'died', 'killed'],
  ['fail', 'failed', 'failure', 'failing'],
  ['install', 'setup', 'installation'],
  ['listen', 'bind', 'expose'],
  ['password', 'credential', 'credentials', 'auth', 'authentication', 'login'],
  ['config', 'configuration', 'configure', 'setting', 'settings'],
  ['folder', 'directory'],
  ['delete', 'remove'],
  ['show', 'list', 'display'],
  ['log', 'logs', 'logging'],
  ['parameter', 'parameters', 'argument', 'arguments', 'input'],
  ['duplicate', 'twice', 'idempotent', 'idempotency'],
  ['resume', 'reconnect', 'continue'],
  ['store', 'stored', 'save', 'saved', 'persist'],
  ['address', 'url', 'endpoint'],
  ['size', 'large', 'big', 'bytes'],
  ['late', 'overdue'],
  ['check', 'checked', 'validate', 'validation', 'verify'],
  ['refuse', 'reject', 'deny'],
  ['hand', 'manual', 'manually'],
  ['step', 'part', 'phase', 'stage'],
  ['create', 'make', 'add', 'define', 'write', 'build'],
  ['own', 'custom'],
  ['again', 'reuse', 'replay'],
  ['regex', 'regexp', 'regular'],
  ['gpt', 'openai', 'llm', 'model'],
  ['bot', 'chatbot', 'assistant'],
  ['hang', 'hangs', 'stuck', 'freeze'],
  ['environment', 'env'],
  ['result', 'output', 'return', 'value'],
  ['name', 'called'],
]

/** Ways to say it in two words. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\b(kick|fire|set)(s|ing|ed)? off\b/g, 'start'],
  [/\b(set|setting) up\b/g, 'install'],
  [/\bat (once|the same time)\b/g, 'concurrent'],
  [/\b(clean|sign|log) ?in\b/g, 'login'],
  [/\bshut(ting)? down\b/g, 'stop'],
  [/\bunit tests?\b/g, 'test'],
  [/\bwhere (did|does|do) (the |my )?time go\b/g, 'timeline'],
]

export interface Term {
  readonly word: string
  /** Other words for it. */
  readonly synonyms: readonly string[]
}

/** The subject of a question: at most 24 different terms. */
export function termsOf(question: string): readonly Term[] {
  const text = PHRASES.reduce((rest, [phrase, word]) => rest.replace(phrase, word), question.toLowerCase().replace(/['’]/g, ''))
  const words = [...new Set(text.match(/[\p{L}\p{N}_]+/gu) ?? [])].filter(
    (word) => !COMMON.has(word) && !/^\d{1,2}$/.test(word) && !isManner(word),
  )
  const subject = words.filter((word) => !PRODUCT.has(word))
  if (words.every((word) => WEAK.has(word))) return []
  return withoutRepeats((subject.length > 0 ? subject : words).slice(0, 24).map(termOf))
}

/** The line of synonyms that a word stands in, by itself or by its root. */
const lineOf = (word: string): readonly string[] | undefined =>
  SYNONYMS.find((words) => words.includes(word)) ?? SYNONYMS.find((words) => words.some((other) => root(other) === root(word)))

const termOf = (word: string): Term => ({ word, synonyms: lineOf(word)?.filter((other) => other !== word) ?? [] })

/** Enough of a stem to find a synonym by: "executing" and "executed" are "execute". */
const root = (word: string): string => word.replace(/(?<=.{3})(ing|ed|es|s|e)$/, '').replace(/(.)\1$/, '$1')

/** "gracefully" and the like: how something is done, not what. */
const isManner = (word: string): boolean => /.{3}ly$/.test(word) && termOf(word).synonyms.length === 0

/** "abort or cancel" is one term, not two. */
function withoutRepeats(terms: readonly Term[]): readonly Term[] {
  const seen = new Set<unknown>()
  return terms.filter(({ word }) => {
    const meaning = lineOf(word) ?? word
    return !seen.has(meaning) && seen.add(meaning)
  })
}
