/** The version of this package, as executors tell it to the server. */
export const SDK_VERSION = '0.1.0'
