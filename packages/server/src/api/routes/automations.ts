/** Automations: made, changed, listed, tried. */
import { AppError, type Automation, type AutomationInput, automationToWire, parseAutomationInput, toIso } from '@pilotflame/core'
import { checkEvents, requestError } from '@pilotflame/core/contract'
import { type Handlers, type HttpContext, param } from '../exchange.ts'
import { EMPTY, value } from '../replies.ts'

const automationNotFound = (id: string): AppError =>
  new AppError('automation_not_found', `There is no automation ${id}. List them with "pilot automation ls".`)

async function load({ app }: HttpContext, id: string): Promise<Automation> {
  const automation = await app.store.find.findAutomation(id)
  if (!automation) throw automationNotFound(id)
  return automation
}

/** The automation in a body; throws with every fault of it, and logs what is passed over. */
function inputOf({ app, log }: HttpContext, body: unknown): AutomationInput {
  const parsed = parseAutomationInput(body, () => app.random.uuid())
  if (!parsed.ok) throw requestError(parsed.faults)
  for (const warning of parsed.warnings) log('warning', `automation ${parsed.automation.name}: ${warning}`)
  return parsed.automation
}

export const automationRoutes: Handlers<
  | 'POST /automations/'
  | 'GET /automations/{id}'
  | 'PUT /automations/{id}'
  | 'PATCH /automations/{id}'
  | 'DELETE /automations/{id}'
  | 'DELETE /automations/owned-by/{resource_id}'
  | 'GET /automations/related-to/{resource_id}'
  | 'POST /automations/test'
> = {
  async 'POST /automations/'({ context, body }) {
    const { app } = context
    const now = app.clock.now()
    const automation = { ...inputOf(context, body), id: app.random.uuid(), createdAt: now, updatedAt: now }
    return value(automationToWire(await app.automations.save(automation)))
  },

  async 'GET /automations/{id}'(exchange) {
    return value(automationToWire(await load(exchange.context, param(exchange, 'id'))))
  },

  async 'PUT /automations/{id}'(exchange) {
    const { context, body } = exchange
    const known = await load(context, param(exchange, 'id'))
    const { ownerResource, id, createdAt } = known
    const changed = { ...inputOf(context, body), ownerResource, id, createdAt, updatedAt: context.app.clock.now() }
    await context.app.automations.save(changed)
    return EMPTY
  },

  async 'PATCH /automations/{id}'(exchange) {
    const id = param(exchange, 'id')
    await exchange.context.app.automations.setEnabled(id, exchange.body.enabled ?? true)
    return EMPTY
  },

  async 'DELETE /automations/{id}'(exchange) {
    await exchange.context.app.automations.delete(param(exchange, 'id'))
    return EMPTY
  },

  async 'DELETE /automations/owned-by/{resource_id}'(exchange) {
    await exchange.context.app.automations.deleteOwned(param(exchange, 'resource_id'))
    return EMPTY
  },

  async 'GET /automations/related-to/{resource_id}'(exchange) {
    const found = await exchange.context.app.automations.relatedTo(param(exchange, 'resource_id'))
    return value(found.map(automationToWire))
  },

  async 'POST /automations/test'({ context, body, bytes }) {
    const { app } = context
    const { clock, random } = app
    const sketch = { id: random.uuid(), occurred: toIso(clock.now()), ...body.event }
    const checked = checkEvents(sketch, bytes.length)
    const [event] = checked.ok ? checked.events : []
    if (!checked.ok || !event)
      throw requestError(checked.ok ? [] : checked.faults.map((fault) => ({ ...fault, loc: ['event', ...fault.loc] })))
    const whole = { ...event, received: clock.now(), chainDepth: 0, causeEventId: null }
    return value(await app.automations.test(whole, body.automation_id))
  },
}
