/** How commands are declared: a leaf has a sentence, examples, and a body that is loaded when it runs. */
import { Command } from 'commander'
import type { GlobalOptions } from './context.ts'
import { exampleText } from './help.ts'

/** Values of an option that may be given more than once. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export interface LeafOptions {
  /** Name and arguments, such as `inspect <run>`. */
  readonly name: string
  readonly about: string
  readonly examples: readonly string[]
}

/** Adds a command that does something. */
export function leaf(parent: Command, { name, about, examples }: LeafOptions): Command {
  return parent
    .command(name)
    .description(about)
    .addHelpText('after', () => exampleText(examples))
}

/** Adds a command that only has others below it. */
export function group(parent: Command, { name, about, examples }: LeafOptions): Command {
  return parent
    .command(name)
    .description(about)
    .addHelpText('after', () => exampleText(examples))
    .addHelpCommand(false)
}

/** Options of a leaf together with those of the program. */
export const optionsOf = <T extends object>(command: Command): T & GlobalOptions => command.optsWithGlobals<T & GlobalOptions>()

export const createRoot = (): Command => new Command('pilot')
