import { maxDescriptionLength, maxRunTokenLength } from '../limits.ts'

/** Whether text can be a run token: it has to be found again in a description, between spaces. */
export function isRunToken(text: string): boolean {
  return text.length <= maxRunTokenLength && /^[A-Za-z0-9._:/+=@-]+$/.test(text)
}

/**
 * A deployment's description: the only field of CreateDeployment that comes back and that the caller is free to write,
 * since the API has no client token.
 */
export function describeRun(run: {
  readonly runToken: string
  readonly commit: string
  readonly description?: string | undefined
}): string {
  const { runToken, commit, description } = run
  const facts = `fairlead run=${runToken} commit=${commit}`
  return description === undefined || description === '' ? facts : `${facts} ${description}`
}

/** How many characters a caller's own description may have beside these facts. */
export function roomForDescription(run: { readonly runToken: string; readonly commit: string }): number {
  return maxDescriptionLength - describeRun(run).length - 1
}

/** The run token in a description, or `undefined` for a deployment that somebody else started. */
export function runTokenIn(description: string | undefined): string | undefined {
  return /^fairlead run=(\S+) commit=/.exec(description ?? '')?.[1]
}
