/** Tells how a chain of automations came to trigger itself. */
import type { Automation, Event } from '@pilotflame/core'
import type { Work } from '../engine/work.ts'

const RUN_RESOURCE = 'prefect.flow-run.'

/** One sentence with the whole chain, from the event that came from outside to the run that was not started. */
export async function describeChain(work: Work, event: Event, automation: Automation): Promise<string> {
  const links: string[] = []
  let current: Event | undefined = event
  while (current) {
    const id: string = current.resource['prefect.resource.id'] ?? ''
    const run = id.startsWith(RUN_RESOURCE) ? await work.findRun(id.slice(RUN_RESOURCE.length)) : undefined
    links.unshift(run ? `${current.event} of ${run.name}` : current.event)
    current = current.causeEventId === null ? undefined : await work.findEvent(current.causeEventId)
  }
  return `The automation "${automation.name}" was stopped: ${event.chainDepth} runs have already started one another (${links.join(' → ')}). Narrow its trigger so that its own runs do not match it.`
}
