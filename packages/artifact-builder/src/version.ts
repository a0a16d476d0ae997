import manifest from '../package.json' with { type: 'json' }

/** Of this library: another one may choose and describe in another way. */
export const version: string = manifest.version
