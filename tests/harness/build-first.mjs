/** Before the first test: what is built is that of the sources as they are now. */
export { build as default } from '../../scripts/prepare.mjs'
