import type { SecretRule } from '../secret-rules.ts'

/** Whole paths; each begins at a folder's or a file's name. */
export const pathRules: readonly (readonly [SecretRule, string])[] = [
  ['dotenv-local', String.raw`\.env(?:\.[^/]+)?\.local`],
  ['private-key-path', String.raw`id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:\.(?:pem|key|bak|old|orig|backup))?`],
  ['aws-credentials-path', String.raw`\.aws\/credentials`],
  ['terraform-state-path', String.raw`[^/]*\.tfstate(?:\.(?:\d+\.)?backup)?`],
  ['symfony-decrypt-key-path', String.raw`config\/secrets\/[^/]+\/[^/]+\.decrypt\.private\.php`],
  ['rails-key-path', String.raw`config\/(?:master|credentials\/[^/]+)\.key`],
  ['gcloud-credentials-path', String.raw`application_default_credentials\.json`],
  ['vault-token-path', String.raw`\.vault[-_](?:token|pass)`],
]

const patterns = pathRules.map(([rule, path]) => ({ rule, pattern: new RegExp(`(?:^|/)${path}$`) }))

/** One cheap look at each name of a tree. Keep it in step with the table. */
const mayBreakRule = /^id_|^credentials$|^application_default|^\.vault|\.(?:local|php|key|tfstate|backup)$/

/** The rules that a path breaks by its name alone. */
export function secretsInPath(path: string): readonly SecretRule[] {
  if (!mayBreakRule.test(path.slice(path.lastIndexOf('/') + 1))) return []
  return patterns.filter(({ pattern }) => pattern.test(path)).map(({ rule }) => rule)
}
