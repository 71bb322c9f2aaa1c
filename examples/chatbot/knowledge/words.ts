/** What a question asks about: its words without the ones that every question has, each with its synonyms. */

/** Words that say nothing about the subject. */
const COMMON = new Set(
  `a about actually after again all already also am an and another any anything are as at be because been before being but by
  can cannot could did do does doing done each else ever every everything exactly explain few for from get gets getting give
  go goes going good got had happen happens happened has have having hello help here hey hi how i if in into is it its just
  kind know let like make makes making many may me mean meaning means might mine more most much must my need needs no not
  now of off on once one only or other our out over own per please possible put same say says see shall she should show
  so some somebody someone something still such take tell than thank thanks that the their them then there these they thing
  things this those to too try trying under until up us use used using very want wanted was way we well were what whats
  when whenever where whether which while who whom whose why will with within without would yes yet you your`.split(/\s+/),
)

/** The product itself: a word of the question only when there is no other. */
const PRODUCT = new Set(['pilotflame'])

/** Words that people use for one thing. All of a line find each other. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['start', 'launch', 'begin', 'trigger', 'kick', 'fire', 'invoke'],
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
  ['store', 'stored', 'save', 'saved', 'persist', 'keep', 'kept'],
  ['address', 'url', 'endpoint'],
  ['size', 'large', 'big', 'bytes'],
  ['overdue', 'late'],
]

/** Ways to say it in two words. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\b(kick|fire|set)(s|ing|ed)? off\b/g, 'start'],
  [/\b(set|setting) up\b/g, 'install'],
  [/\bat (once|the same time)\b/g, 'concurrent'],
  [/\b(clean|sign|log) ?in\b/g, 'login'],
  [/\bshut(ting)? down\b/g, 'stop'],
]

/** One word of a question: any of these spellings in a passage is it. */
export type Term = readonly string[]

/** The subject of a question: at most 24 different terms. */
export function termsOf(question: string): readonly Term[] {
  const text = PHRASES.reduce((rest, [phrase, word]) => rest.replace(phrase, word), question.toLowerCase().replace(/['’]/g, ''))
  const words = [...new Set(text.match(/[\p{L}\p{N}_]+/gu) ?? [])].filter((word) => !COMMON.has(word) && !/^\d{1,2}$/.test(word))
  const subject = words.filter((word) => !PRODUCT.has(word))
  return withoutRepeats((subject.length > 0 ? subject : words).slice(0, 24).map(termOf))
}

function termOf(word: string): Term {
  const plural = word.replace(/s$/, '')
  const line = SYNONYMS.find((words) => words.includes(word) || words.includes(plural))
  return line === undefined ? [word] : [word, ...line.filter((other) => other !== word)]
}

/** "abort or cancel" is one term, not two. */
function withoutRepeats(terms: readonly Term[]): readonly Term[] {
  const seen = new Set<string>()
  return terms.filter((term) => {
    const name = [...term].sort().join(' ')
    return !seen.has(name) && seen.add(name)
  })
}
