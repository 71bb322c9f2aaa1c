/** What every group of rows is given. */

import type { Floor } from '../load/floor.ts'
import type { Product } from '../load/product.ts'
import type { Row } from '../numbers/row.ts'
import type { CleanUp } from '../processes/clean-up.ts'
import type { Programs } from '../processes/programs.ts'

export interface BenchContext {
  /** For development: fewer samples, not for the README. */
  readonly quick: boolean
  /** A temporary folder; removed at the end. */
  readonly folder: string
  /** The folder of the product's bundles. */
  readonly bundles: string
  readonly programs: Programs
  readonly cleanUp: CleanUp
}

export interface Sides {
  readonly floor: Floor
  /** One product for the groups that leave it as they found it. */
  readonly product: Product
}

export interface Group {
  /** What `--only` takes. */
  readonly name: string
  /** Whether it is measured only when somebody names it. */
  readonly whenAsked?: boolean
  /** Measures, and reports each row as soon as it is there. */
  measure(context: BenchContext, sides: Sides, report: (row: Row) => void): Promise<void>
}
