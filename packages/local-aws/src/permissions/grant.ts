/** What a caller may do, or may not: one action pattern on one resource pattern. */
export interface Grant {
  /** As in a policy, `*` and `?` included: `s3:Get*`. */
  readonly action: string
  /** An ARN with `*` and `?`, or `*`. */
  readonly resource: string
}

/**
 * Reads `s3:PutObject on arn:aws:s3:::artifacts/*`; without ` on …` it is on every resource. `undefined` where the text
 * is neither.
 */
export function parseGrant(text: string): Grant | undefined {
  const match = /^(\*|[a-z0-9-]+:[A-Za-z*?]+)(?: on (\*|arn:\S+))?$/.exec(text.trim())
  return match ? { action: match[1] ?? '', resource: match[2] ?? '*' } : undefined
}

/** Whether a grant covers an action on a resource. Actions are compared without case, as IAM does; ARNs with it. */
export function covers(grant: Grant, action: string, resource: string): boolean {
  return matchesPattern(grant.action.toLowerCase(), action.toLowerCase()) && matchesPattern(grant.resource, resource)
}

/** `*` is any run of characters, `?` any one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
export function matchesPattern(pattern: string, text: string): boolean {
  // Greedy with one place to go back to: linear in practice, where a regular expression of many stars is not.
  let [at, from, star, resume] = [0, 0, -1, 0]
  while (at < text.length) {
    if (from < pattern.length && (pattern[from] === '?' || pattern[from] === text[at]) && pattern[from] !== '*') {
      at++
      from++
    } else if (pattern[from] === '*') {
      star = from++
      resume = at
    } else if (star >= 0) {
      from = star + 1
      at = ++resume
    } else return false
  }
  return [...pattern.slice(from)].every((character) => character === '*')
}
