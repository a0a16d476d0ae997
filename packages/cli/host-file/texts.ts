/** The code of the commands of a host: the build (`chunks.ts`) puts it in the place of this file. */

/** Which text runs the program. */
export const entry: string = ''

/** CommonJS code by name. */
export const texts: Readonly<Record<string, string>> = {}

/** The same, deflated and in base64: code of the SDK. */
export const packed: Readonly<Record<string, string>> = {}
