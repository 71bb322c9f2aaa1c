/** `pilot hook ls|create|delete`. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { sayAgo } from '../say.ts'

export async function listHooks({ client, out, settings }: Context): Promise<number> {
  const hooks = await client.hooks.list()
  out.document(hooks)
  if (hooks.length === 0) out.line('There is no hook yet. Create one: pilot hook create NAME')
  else
    out.table(
      [
        { title: 'NAME', min: 8, keep: 100, paint: out.colors.bold },
        { title: 'EVENT', min: 10, keep: 90 },
        { title: 'SIGNED', keep: 80 },
        { title: 'ADDRESS', min: 12, keep: 50 },
        { title: 'CREATED', keep: 20 },
      ],
      hooks.map(({ name, event, signed, created }) => [
        name,
        event,
        signed ? 'yes' : 'no',
        `${settings.apiUrl}/hooks/${name}`,
        sayAgo(created, Date.now()),
      ]),
    )
  return EXIT.done
}

/** Ready to be pasted into a shell: signs a delivery with openssl as Standard Webhooks say, and posts it. */
export function signedExample(address: string, secret: string): string {
  return `secret='${secret}'
body='{"hello":"world"}'
id="delivery-$(date +%s)"
now=$(date +%s)
key=$(printf %s "\${secret#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
curl -X POST ${address} \\
  -H 'content-type: application/json' \\
  -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$signature" \\
  -d "$body"`
}

const plainExample = (address: string): string =>
  `curl -X POST ${address} -H 'content-type: application/json' -d '{"hello":"world"}'`

export interface HookOptions {
  readonly event?: string
  readonly unsigned?: boolean
}

export async function createHook({ client, out, settings }: Context, name: string, options: HookOptions): Promise<number> {
  const hook = await client.hooks.create({
    name,
    signed: options.unsigned !== true,
    ...(options.event === undefined ? {} : { event: options.event }),
  })
  const address = `${settings.apiUrl}/hooks/${encodeURIComponent(hook.name)}`
  out.document({ ...hook, address })
  out.line(`${out.colors.green('✓')} ${out.colors.bold(hook.name)} makes each delivery an event ${out.colors.bold(hook.event)}`)
  out.fields([
    ['address', address],
    ['secret', hook.secret],
  ])
  if (hook.secret !== null) out.line(out.colors.yellow('The secret is shown this once: keep it now.'))
  out.line()
  out.line(out.colors.dim('Send one:'))
  out.line(hook.secret === null ? plainExample(address) : signedExample(address, hook.secret))
  return EXIT.done
}

export async function deleteHook({ client, out }: Context, name: string): Promise<number> {
  await client.hooks.delete(name)
  out.document({ deleted: name })
  out.line(`${out.colors.green('✓')} The hook ${name} is deleted.`)
  return EXIT.done
}
