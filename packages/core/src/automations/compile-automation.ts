/** An automation with everything ready that an event needs: its trigger's tests and its actions' templates. */
import type { Event } from '../events.ts'
import { type CompiledTemplates, compileTemplates } from '../templates/compile-templates.ts'
import { compileTrigger, matches } from './match.ts'
import type { Action, Automation } from './types.ts'

export interface CompiledAction {
  /** Its place in `actions`, those of `actions_on_trigger` behind them. */
  readonly index: number
  readonly action: Action
  /** The parameters' templates; null where the action has no parameters of its own. */
  readonly parameters: CompiledTemplates | null
}

export interface CompiledAutomation {
  readonly automation: Automation
  /** Counts up with each that is put into the index. */
  readonly order: number
  readonly actions: readonly CompiledAction[]
  /** True when the whole filter fits. */
  matches(event: Event): boolean
}

const compileAction = (action: Action, index: number): CompiledAction => ({
  index,
  action,
  parameters: action.type === 'run-deployment' && action.parameters !== null ? compileTemplates(action.parameters) : null,
})

export function compileAutomation(automation: Automation, order = 0): CompiledAutomation {
  const { trigger } = automation
  compileTrigger(trigger) // now, not at the first event
  const actions = [...automation.actions, ...automation.actionsOnTrigger].map(compileAction)
  return { automation, order, actions, matches: (event) => matches(trigger, event) }
}
