/**
 * A head as an object of S3: the value, and in a last line of its own the token of the swap that wrote it, as a JSON
 * text, so that a value that is JSON stays readable for `jq`.
 */
export interface HeadText {
  readonly value: string
  /** Another for each swap. */
  readonly token: string
}

export function encodeHead({ value, token }: HeadText): string {
  return `${value}\n"swap:${token}"\n`
}

/** The head in a text, or `undefined` where it is none. */
export function decodeHead(text: string): HeadText | undefined {
  const match = /\n"swap:([0-9a-f-]+)"\n$/.exec(text)
  return match?.[1] === undefined ? undefined : { value: text.slice(0, match.index), token: match[1] }
}
