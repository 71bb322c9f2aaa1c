/** The floor's primed child: its handler's first statement reads the clock. It reports later, when asked. */
const firstLines: [number: number, at: bigint][] = []

process.on('message', (message: { readonly n: number } | 'collect') => {
  const at = process.hrtime.bigint()
  if (message === 'collect') {
    process.send?.(firstLines.splice(0).map(([n, moment]) => [n, Number(moment) / 1e6]))
    return
  }
  firstLines.push([message.n, at])
})
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
