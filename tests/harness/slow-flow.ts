/** Code that takes 80 ms to load: an executor that loads it late shows that in `code_ready`. */
import { flow } from '@pilotflame/sdk'

await new Promise((resolve) => setTimeout(resolve, 80))

export const slowToLoad = flow('slow-to-load', async () => 'loaded')
