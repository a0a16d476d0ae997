import { maxFindingsPerCredentialFile } from '../../limits.ts'
import type { SecretMatch } from '../secret-rules.ts'
import { isSecretName } from './dotenv.ts'
import { isPlaceholder } from './placeholders.ts'

/** https://getcomposer.org/doc/articles/authentication-for-private-packages.md and Docker's `auths`. */
const authSections = new Set([
  'http-basic',
  'github-oauth',
  'gitlab-oauth',
  'gitlab-token',
  'bitbucket-oauth',
  'bearer',
  'custom-headers',
  'forgejo-token',
  'auths',
])
const authPublicKeys = new Set(['username', 'email', 'consumer-key'])

/** No file of credentials is deeper, and the walk must not end where the stack does. */
const maxDepth = 20

/** The tokens and passwords of Composer's `auth.json` and Docker's `config.json`. */
export function authJsonMatches(text: string): readonly SecretMatch[] {
  return credentialLeaves(parsedObject(text), '', false, 0)
    .filter((value) => !isPlaceholder(value))
    .slice(0, maxFindingsPerCredentialFile)
    .map((value) => ({ rule: 'auth-json-token', index: Math.max(0, text.indexOf(JSON.stringify(value))) }))
}

/** The texts in a known section, and those whose key has a secret's name. */
function credentialLeaves(value: unknown, key: string, inSection: boolean, depth: number): readonly string[] {
  if (typeof value === 'string') return inSection || isSecretName(key) ? [value] : []
  if (typeof value !== 'object' || value === null || depth === maxDepth) return []
  return Object.entries(value)
    .filter(([inner]) => !authPublicKeys.has(inner))
    .flatMap(([inner, field]) => credentialLeaves(field, inner, inSection || authSections.has(inner), depth + 1))
}

function parsedObject(text: string): object {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : {}
  } catch {
    // Not JSON, so neither Composer nor Docker reads a token from it; the rules for all files have looked at it.
    return {}
  }
}
