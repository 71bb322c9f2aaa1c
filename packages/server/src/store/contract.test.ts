/** What every store does, whichever database is under it. */
import { describe } from 'vitest'
import { clientContract } from './test/contract-clients.ts'
import { durabilityContract } from './test/contract-durability.ts'
import { readContract } from './test/contract-reads.ts'
import { retentionContract } from './test/contract-retention.ts'
import { transactionContract } from './test/contract-transactions.ts'
import { writeContract } from './test/contract-writes.ts'

import { type OpenTestStore, openFile, openMemory } from './test/stores.ts'

function storeContract(name: string, open: OpenTestStore): void {
  describe(name, () => {
    transactionContract(open)
    durabilityContract(open)
    writeContract(open)
    readContract(open)
    clientContract(open)
    retentionContract(open)
  })
}

storeContract('SQLite in a file, with the reader on its own thread', openFile)
storeContract('SQLite in memory', openMemory)
