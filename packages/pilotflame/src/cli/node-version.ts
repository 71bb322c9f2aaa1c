/** Whether Node is new enough: older ones have no SQLite, or do not read TypeScript. Keeps to syntax that they know. */

/** The same as `engines` of the package. */
export const NODE_MIN = '22.18'

/** The sentence for a Node that is too old, such as `20.20.2`; undefined for any other. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin = 0, minorMin = 0] = NODE_MIN.split('.').map(Number)
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return undefined
  return `Node ${version} is too old for pilot: use Node ${NODE_MIN} or later (https://nodejs.org).`
}
