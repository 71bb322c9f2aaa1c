/** The version of this package; written into the bundle when it is built. */
export const VERSION: string = process.env.PILOTFLAME_VERSION ?? '0.1.0'
