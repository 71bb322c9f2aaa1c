/** Another client, in a process of its own: lists all runs, page after page without a pause, until it is told to end. */
import { RawConnection, requestBytes } from './load/raw-connection.ts'
import { answerParent, sayReady } from './processes/answer-parent.ts'

const [apiUrl = '', total = '0'] = process.argv.slice(2)
const PAGE = 200
const connection = await RawConnection.open(apiUrl)
let pages = 0
let going = false

async function list(): Promise<void> {
  for (let offset = 0; going; offset = (offset + PAGE) % Number(total)) {
    const body = JSON.stringify({ limit: PAGE, offset, sort: 'ID_DESC' })
    const { status } = await connection.send(requestBytes(apiUrl, 'POST', '/flow_runs/filter', body))
    if (status !== 200) throw new Error(`Listing runs at offset ${offset} answered ${status}.`)
    pages += 1
  }
}

let listing: Promise<void> = Promise.resolve()
answerParent({
  begin: () => {
    going = true
    listing = list()
    listing.catch(() => undefined) // told by "end"
  },
  /** How many pages were listed. */
  end: async () => {
    going = false
    await listing
    return pages
  },
  stop: () => setImmediate(() => process.exit(0)),
})
sayReady()
