/** `pilot server start`: runs the server until Ctrl-C. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { runServer } from '../run-server.ts'
import { aborted, stopSignal } from '../stop-signal.ts'

export async function serveApi({ out, settings }: Context): Promise<number> {
  const { signal, forget } = stopSignal()
  const server = await runServer(settings)
  // From the start of the process on, Node's own included.
  const readyMs = Math.round(performance.now())
  out.item({ type: 'ready', api_url: server.apiUrl, home: settings.home, ready_ms: readyMs, pid: process.pid })
  out.line(`Pilotflame is ready at ${out.colors.bold(server.apiUrl)} · home ${settings.home} · ${readyMs} ms`)
  await aborted(signal)
  out.line(out.colors.dim('Finishes what it has taken; a second signal ends it at once, and nothing is lost then either.'))
  await server.stop()
  forget()
  return EXIT.done
}
