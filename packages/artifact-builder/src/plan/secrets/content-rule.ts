import type { SecretRule } from '../secret-rules.ts'
import type { Literal } from './literal-search.ts'
import { isMadeUp } from './placeholders.ts'

/** What makes a secret in a file of any name. */
export interface ContentRule {
  readonly rule: SecretRule
  /** No secret of this rule is without one of them, and hardly anything else has one. */
  readonly literals: readonly Literal[]
  /** How many bytes around a literal's beginning the pattern may look at. */
  readonly before: number
  readonly after: number
  /**
   * Over Latin-1 text, one character for each byte, so that no encoding hides a token. With the flag `y` it begins at the
   * literal, with `g` it covers it. The secret is the group `value`, or else the whole match.
   */
  readonly pattern: RegExp
  /** The last word on a match. Default: that it is not one of those that documentation prints. */
  readonly isSecret?: ((match: RegExpExecArray) => boolean) | undefined
}

/** The secret in a match. */
export function valueOf(match: RegExpExecArray): string {
  return match.groups?.['value'] ?? match[0]
}

/** Not in the middle of a word; the letter of an escape such as `\n` ends none. */
const noWordBefore = String.raw`(?<!(?<!\\)[A-Za-z0-9_])`
const noWordBehind = '(?![A-Za-z0-9_])'

/** A token that begins with one of the literals, in a format that its issuer documents or that scanners agree on. */
export function token(rule: SecretRule, literals: readonly string[], format: string, after = 400): ContentRule {
  return {
    rule,
    literals: literals.map((text) => ({ text })),
    before: 2,
    after,
    pattern: new RegExp(`${noWordBefore}(?:${format})${noWordBehind}`, 'y'),
  }
}

/** A value that only what stands near it makes a secret. */
export function inContext(
  rule: SecretRule,
  literals: readonly Literal[],
  pattern: RegExp,
  around: { readonly before: number; readonly after: number },
): ContentRule {
  return { rule, literals, pattern, ...around }
}

/** Whether a match of a rule is a secret. */
export function isSecretMatch({ isSecret }: ContentRule, match: RegExpExecArray): boolean {
  return isSecret === undefined ? !isMadeUp(valueOf(match)) : isSecret(match)
}
