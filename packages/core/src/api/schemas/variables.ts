/** Bodies of the routes of variables and log lines. */
import * as z from 'zod'
import { moment, names, uuid } from './common.ts'

const NAME_CHARS_MAX = 255
/** Prefect's rule: lower case, digits, underscores and dashes. */
const name = z
  .string()
  .max(NAME_CHARS_MAX)
  .regex(/^[a-z0-9_-]+$/, 'may have lower case letters, digits, "_" and "-"')
/** Prefect's figure, of the value as JSON. */
const VALUE_CHARS_MAX = 5_000
const value = z.json().refine((given) => JSON.stringify(given).length <= VALUE_CHARS_MAX, {
  error: `must have at most ${VALUE_CHARS_MAX} characters as JSON`,
  params: { type: 'too_big' },
})

export const variableCreate = z.strictObject({ name, value, tags: names.optional() })
export const variableUpdate = z.strictObject({ name: name.nullish(), value: value.optional(), tags: names.nullish() })

/** Prefect's LogCreate. */
export const logCreates = z.array(
  z.strictObject({
    name: z.string(),
    level: z.int(),
    message: z.string(),
    timestamp: moment,
    flow_run_id: uuid.nullish(),
    task_run_id: uuid.nullish(),
  }),
)
