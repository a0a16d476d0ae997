import { createHash } from 'node:crypto'

const base62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters that look random and are the same in every run. Assembled here, so that no scanner flags the repository. */
export function letters(length: number, alphabet = base62, seed = 'fairlead'): string {
  let text = ''
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed} ${block}`).digest()) {
      text += alphabet[byte % alphabet.length]
    }
  }
  return text.slice(0, length)
}

const base64 = `${base62}+/`

/** A key block of a kind, with lines of Base64 that are no key. */
export function keyBlock(kind: string, headers = '', lines = 4): string {
  const body = Array.from({ length: lines }, (_, index) => letters(64, base64, `${kind} ${index}`)).join('\n')
  return `-----${'BEGIN'} ${kind}-----\n${headers}${body}\n-----${'END'} ${kind}-----\n`
}

export const keyKinds = [
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'RSA PRIVATE KEY',
  'DSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'PGP PRIVATE KEY BLOCK',
]

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const digits = '0123456789'

/** One token of each format, by the rule that must find it. */
export const tokens = {
  'aws-access-key-id': [`AK${'IA'}${letters(16, base32)}`, `AS${'IA'}${letters(16, base32, 'session')}`],
  'aws-secret-access-key': [
    `aws_secret_${'access_key'} = ${letters(40, base64)}`,
    `secret${'AccessKey'}: "${letters(40, base64, 'other')}"`,
    `AWS_SECRET_${'ACCESS_KEY'}='${letters(40, base64, 'third')}'`,
  ],
  'github-token': [
    ...['p', 'o', 'u', 's', 'r'].map((kind) => `gh${kind}_${letters(36, base62, kind)}`),
    `github_${'pat'}_${letters(22)}_${letters(59)}`,
  ],
  'gitlab-token': [`gl${'pat'}-${letters(20)}`],
  'slack-token': [`xo${'xb'}-${letters(12, digits)}-${letters(13, digits)}-${letters(24)}`],
  'stripe-key': [`sk_${'live'}_${letters(24)}`, `rk_${'live'}_${letters(99)}`],
  'google-api-key': [`AI${'za'}${letters(35)}`],
  'npm-token': [`np${'m_'}${letters(36)}`],
} as const
