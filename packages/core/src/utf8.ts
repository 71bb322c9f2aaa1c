/** Text as bytes. Every runtime has it, and no library of the language declares it. */
declare class TextEncoder {
  encode(text: string): Uint8Array
}

const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
