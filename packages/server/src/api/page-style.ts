/** How the page looks: light and dark, from 360 px on. */
export const STYLE = `
:root { --ink: #23262d; --quiet: #667080; --paper: #fbfaf8; --card: #fff; --line: #e6e3dd; --flame: #d9481c; --good: #1d7f4a; --bad: #b3261e; --wait: #8a5a00; --busy: #1f5fbf }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --quiet: #9aa3af; --paper: #16181c; --card: #1e2126; --line: #2e333b; --flame: #ff7a4d; --good: #5fd39a; --bad: #ff8a80; --wait: #f0b95a; --busy: #8ab4ff }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 56rem; margin: 0 auto; padding: clamp(1rem, 4vw, 3rem) }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em } h1::before { content: ''; display: inline-block; width: .55em; height: .8em; margin-right: .4em; background: var(--flame); border-radius: 50% 50% 50% 50% / 65% 65% 35% 35% }
h2 { margin: 0 0 .6rem; font-size: .95rem; color: var(--quiet); font-weight: 600 }
header p { margin: .3rem 0 0; overflow-wrap: anywhere }
section { margin-top: 1.2rem; padding: 1rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem }
p { margin: 0 0 .5rem } ul { margin: 0; padding-left: 1.1rem }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere } pre code { color: var(--flame) }
.quiet { color: var(--quiet) } a { color: inherit; text-underline-offset: .2em; text-decoration-color: var(--quiet) }
.lamp { display: inline-block; width: .6em; height: .6em; margin-right: .5em; border-radius: 50%; background: var(--good) } .away .lamp { background: var(--bad) }
.wide { overflow-x: auto } table { width: 100%; border-collapse: collapse; font-size: .92rem }
th { text-align: left; font-weight: 500; color: var(--quiet) } th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap }
tr:last-child td { border-bottom: 0 } .number { text-align: right; font-variant-numeric: tabular-nums }
.completed { color: var(--good) } .failed, .crashed { color: var(--bad) } .scheduled, .pending, .paused, .cancelling, .cancelled { color: var(--wait) } .running { color: var(--busy) }
footer { margin-top: 1.2rem; font-size: .9rem }
@media (max-width: 34rem) { .time { display: none } section { padding: .8rem .9rem } }
`
