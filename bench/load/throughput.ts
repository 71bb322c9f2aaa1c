/** How many requests a second a server answers, from several connections that each send the next when the last is answered. */
import { nowMs } from '../numbers/clock.ts'
import { RawConnection } from './raw-connection.ts'

export interface Load {
  readonly apiUrl: string
  readonly connections: number
  /** Each is sent once; prepared beforehand, so that making them costs nothing now. */
  readonly requests: readonly Buffer[]
}

/** Sends them all and returns the milliseconds it took. Throws when one is not answered 204. */
export async function sendAll({ apiUrl, connections, requests }: Load): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(apiUrl)))
  let next = 0
  const work = async (connection: RawConnection): Promise<void> => {
    for (let request = requests[next++]; request; request = requests[next++]) {
      const { status } = await connection.send(request)
      if (status !== 204) throw new Error(`A request under load was answered ${status}.`)
    }
  }
  const start = nowMs()
  try {
    await Promise.all(open.map(work))
    return nowMs() - start
  } finally {
    for (const connection of open) connection.close()
  }
}
