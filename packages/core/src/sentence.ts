/** `text` with a full stop, unless it ends as a sentence already: what others say, and "did you mean x?", may do so. */
export const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)
