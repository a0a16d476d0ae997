import { createHash } from 'node:crypto'
import { maxCredentialFileBytes } from '../../limits.ts'
import { contentRules } from './content-scan.ts'
import { fileRules } from './file-rules.ts'
import { pathRules } from './path-rules.ts'

/**
 * Raised by hand when the same tables judge in another way: a word among the placeholders, another condition, another
 * way through a file.
 * `test/plan/rule-set-version.test.ts` fails when the sources change, and says so.
 */
const judgement = 2

/**
 * Names what the guard looks for. A verdict of another version says nothing. It follows from the tables of rules, and
 * is the same on every Node.
 */
export const secretRuleSetVersion: string = createHash('sha256')
  .update(JSON.stringify([judgement, maxCredentialFileBytes, pathRules, fileRules, contentRules], plainly))
  .digest('hex')
  .slice(0, 16)

function plainly(_key: string, value: unknown): unknown {
  if (value instanceof RegExp) return String(value)
  return typeof value === 'function' ? Function.prototype.toString.call(value) : value
}
