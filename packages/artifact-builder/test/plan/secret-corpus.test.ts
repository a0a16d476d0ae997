import { describe, expect, test } from 'vitest'
import { secretRules } from '../../src/index.ts'
import { scanSecrets, startSecretScan } from '../../src/plan/scan-secrets.ts'
import { credentialFiles, keyBlock, keyKinds, letters, tokens } from '../support/made-up-secrets.ts'

/** What the guard says of a file: the same for the whole file and for any pieces of it. */
function scan(path: string, bytes: Uint8Array, pieceBytes = 65_536): readonly string[] {
  const whole = scanSecrets(path, bytes)
  const running = startSecretScan(path)
  for (let at = 0; at < bytes.length; at += pieceBytes) running.add(bytes.subarray(at, at + pieceBytes))
  expect(running.finish()).toEqual(whole)
  for (const finding of whole) expect(finding.path).toBe(path)
  return whole.map(({ rule, line }) => `${rule}:${line}`)
}

const filler = Array.from({ length: 9000 }, (_, index) => `  t.exports.f${index}=function(e){return e.map(n=>n.id)};`)
const half = filler.slice(0, 4500).join('\n')

/** A file of 3 MB, its token behind a line end in the middle. */
const big = (token: string) => `${`${half}\n`.repeat(6)}x="${token}"\n${`${half}\n`.repeat(6)}`

const surroundings: readonly (readonly [name: string, path: string, line: number, put: (token: string) => string])[] = [
  ['JavaScript', 'src/client.js', 3, (token) => `import a from 'a'\n\nconst value = '${token}'\nexport { value }\n`],
  ['JSON', 'config/shop.json', 2, (token) => `{\n  "value": ${JSON.stringify(token)}\n}\n`],
  ['YAML', 'config/services.yaml', 3, (token) => `services:\n  shop:\n    value: ${token}\n`],
  ['PHP', 'config/shop.php', 3, (token) => `<?php\nreturn [\n    'value' => '${token}',\n];\n`],
  ['a dotenv file', '.env.staging', 2, (token) => `# values\nVALUE=${token}\n`],
  ['an example of a dotenv file', '.env.example', 1, (token) => `VALUE=${token}\n`],
  ['a comment', 'src/shop.py', 1, (token) => `# ${token}\n`],
  [
    'a bundle of one line',
    'dist/main.js',
    1,
    (token) => `${filler.slice(0, 400).join('')}v("${token}")${filler.slice(0, 400).join('')}`,
  ],
  ['a file of 3 MB', 'dist/vendor.js', 27001, big],
]

const planted = Object.entries(tokens).flatMap(([rule, values]) => values.map((token) => [rule, token] as const))

test('the corpus has at least 120 secrets of at least 25 kinds', () => {
  expect(planted.length + credentialFiles.length + keyKinds.length).toBeGreaterThanOrEqual(120)
  expect(Object.keys(tokens).length).toBeGreaterThanOrEqual(25)
})

describe('planted in any file', () => {
  test.each(surroundings)('every secret in %s is found, with path, line and rule', (_name, path, line, put) => {
    const isDotenv = path === '.env.staging'
    for (const [rule, token] of planted) {
      // A dotenv file has its own rule for connection strings.
      const expected = isDotenv && rule === 'connection-string-password' ? 'dotenv-connection-password' : rule
      const found = scan(path, Buffer.from(put(token)))
      if (isDotenv) expect(found, rule).toContain(`${expected}:${line}`)
      else expect(found, rule).toEqual([`${expected}:${line}`])
    }
  })

  test.each(keyKinds)('%s is found in source, in JSON, in YAML and in the middle of 3 MB', (kind) => {
    const block = keyBlock(kind)
    const json = JSON.stringify({ type: 'service_account', private_key: block }, undefined, 2)
    expect(scan('key.pem', Buffer.from(block))).toEqual(['private-key:1'])
    expect(scan('shop.json', Buffer.from(json))).toEqual(['private-key:3'])
    expect(scan('a.yaml', Buffer.from(`key: |\n  ${block.replaceAll('\n', '\n  ')}`))).toEqual(['private-key:2'])
    expect(scan('vendor.js', Buffer.from(big(block.replaceAll('\n', '\\n'))))).toEqual(['private-key:27001'])
  })

  test('a secret that a piece of the file ends in is found, wherever it is cut', () => {
    for (const [rule, token] of planted) {
      const text = Buffer.from(`a\nb ${token}\n${'c\n'.repeat(200)}`)
      for (let cut = 1; cut < token.length + 6; cut += 3) {
        expect(scan('a.txt', text, cut), rule).toEqual([`${rule}:2`])
      }
    }
  })

  test('a secret in UTF-16 is found, in either order of bytes and in pieces of an odd length', () => {
    for (const [rule, token] of planted) {
      const little = Buffer.from(`\ufeffa\u20ac\r\nvalue="${token}"\r\n`, 'utf16le')
      expect(scan('a.reg', little, 77)).toEqual([`${rule}:2`])
      expect(scan('a.reg', Buffer.from(little).swap16(), 1)).toEqual([`${rule}:2`])
    }
  })
})

test.each(credentialFiles)('%s (%#) is found by its own rule', (path, text, found) => {
  const isBinary = /keystore|private-key:/.test(found)
  expect(scan(path, Buffer.from(text, isBinary ? 'latin1' : 'utf8'), 7)).toContain(found)
  expect(scan(`deploy/${path}`, Buffer.from(text, isBinary ? 'latin1' : 'utf8'))).toContain(found)
})

test('every rule is found by one of the rows of this file', () => {
  const found = credentialFiles.map(([, , rule]) => rule.split(':')[0])
  expect(new Set([...found, ...Object.keys(tokens), 'private-key'])).toEqual(new Set(secretRules))
})

const hex = '0123456789abcdef'
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

describe('near misses', () => {
  test.each([
    ['a digest of npm', `"integrity": "sha512-${letters(86, base64)}=="`],
    ['a commit id', `"gitHead": "${letters(40, hex)}"`],
    ['a digest as a secret key', `secretKey: "${letters(40, hex)}"`],
    ['a UUID', 'key-1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed'],
    ['a key of a cache', `cache-key-${letters(32, hex)}`],
    ['a CSS class', 'sk-proj-card sk-ant-design hf_container npm_package_config pul-left'],
    ['a member access', 'dp.pt.x; hvs.forEach(f); a.sig=b; SG.Layout.Grid'],
    ['a variable of npm', `process.env.npm_${'config'}_user_agent`],
    ['a placeholder', `ghp_${'x'.repeat(36)} sk_live_${'0'.repeat(24)} hf_${'a'.repeat(34)}`],
    ['a token that counts', `npm_${'abcdefghijklmnopqrstuvwxyz0123456789'}`],
    ['a token of an example', `AIzaSyEXAMPLE${'_example_example_example_1'}`],
    ['a template', 'postgres://${user}:${password}@${host}/db mysql://{user}:{password}@{host}'],
    ['a format', 'redis://%s:%s@%s mongodb://<user>:<password>@<host> amqp://USER:PASSWORD@HOST'],
    ['the words of documentation', 'postgres://username:password@localhost:5432/db mysql://root:root@127.0.0.1'],
    [
      'a database of a test',
      'postgres://postgres:mysecretpassword@localhost/test mongodb://admin:pass123@mongo.example.com',
    ],
    ['a host that is an example', `postgresql://shop:${letters(20)}@db.example.com/shop`],
    ['a user without a password', 'mysql://root@db.shop.internal/shop redis://cache:6379'],
    ['the same word twice', 'postgres://longusername1:longusername1@db.shop.internal'],
    ['a public JWK', `{"kty":"EC","crv":"P-256","x":"${letters(43)}","y":"${letters(43)}"}`],
    ['a type of a JWK', `if (jwk.kty === 'RSA' && jwk.d) return { kty: 'RSA', d: encode(key.d) }`],
    [
      'the key of the storage emulator',
      `AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==`,
    ],
    ['a signature that is no SAS', `https://shop.example/?sig=${letters(43)}%3D&user=1`],
    ['a docs page of Slack', 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'],
    ['a SID of Twilio', `twilio: AC${letters(32, hex)}`],
    ['a key of another', `SK${letters(32, hex)}`],
    ['a certificate', keyBlock('CERTIFICATE')],
    ['a public key', `${keyBlock('PUBLIC KEY')}${keyBlock('PGP PUBLIC KEY BLOCK')}`],
    ['a request of a certificate', keyBlock('CERTIFICATE REQUEST')],
    ['an age recipient', `age1${letters(58, '023456789acdefghjklmnpqrstuvwxyz')}`],
    ['a JWT in a source file', `eyJhbGciOiJIUzI1NiJ9.eyJ${letters(40)}.${letters(43)}`],
    ['a bundle', filler.join('')],
    ['a data URL', `url(data:font/woff2;base64,${letters(40_000, base64)})`],
  ])('%s is none', (_name, text) => {
    for (const path of ['src/a.js', 'README.md', 'package-lock.json']) expect(scan(path, Buffer.from(text))).toEqual([])
  })

  test.each([
    ['.yarnrc.yml', 'npmAuthToken: "${NPM_TOKEN}"\n'],
    ['.netrc', 'machine a login b\n# password is asked for\n'],
    ['.pgpass', '# hostname:port:database:username:password\n'],
    ['.my.cnf', '[client]\nuser=shop\npassword=\n'],
    ['wp-config.php', "<?php\ndefine('DB_PASSWORD', getenv('DB_PASSWORD'));\ndefine('AUTH_KEY', '');\n"],
    ['wp-config-sample.php', `<?php\ndefine('AUTH_KEY', '${letters(60)}');\n`],
    ['.kube/config', 'users:\n- name: a\n  user:\n    tokenFile: /run/token\n    token:\n'],
    ['infra/prod.tfvars', 'db_password = ""\nregion = "eu-west-1"\n'],
    ['appsettings.json', '{"A": "Server=localhost;Integrated Security=true", "B": "Server=a;Password=${PASSWORD}"}'],
    ['truststore.jks', '\u00fe\u00ed\u00fe\u00ed'],
    ['shop.p12.md', '0\u0082'],
    ['config/keys.key', 'no key'],
    ['src/terraform.tfstate.ts', 'export {}'],
  ])('%s (%#) passes', (path, text) => {
    expect(scan(path, Buffer.from(text, 'latin1'))).toEqual([])
  })
})

describe('hostile files end', () => {
  const megabyte = (part: string) => Buffer.from(part.repeat(Math.ceil(1_000_000 / part.length)))
  const begin = `-----${'BEGIN'} PRIVATE KEY-----`

  test.each([
    ...[
      'npm_',
      'AKIA',
      'postgres://',
      'postgres://a:b',
      'twilio',
      'discord',
      'kty:"RSA"',
      '{kty:',
      'sig=&sv=2022-',
      'hf_',
    ],
    ...[
      'secret_key=',
      'key-0',
      '-us1',
      '0-us',
      'T3BlbkFJ',
      '.atlasv1.',
      'AccountKey=',
      '/api/webhooks/',
      ' ',
      'a',
      '\\',
    ],
    ...[begin, `${begin}\\n`, `${begin}A: b\n`, `PuTTY-${'User-Key-File'}-2:\n`],
  ])('of a million bytes of %j', (part) => {
    expect(scanSecrets('a.js', megabyte(part))).toBeInstanceOf(Array)
  })

  const credentialPaths = [
    '.env',
    '.npmrc',
    'auth.json',
    '.netrc',
    '.pgpass',
    '.my.cnf',
    '.htpasswd',
    '.git-credentials',
  ].concat([
    '.yarnrc.yml',
    '.pypirc',
    '.kube/config',
    'a.tfvars',
    'wp-config.php',
    'appsettings.json',
    'a.p12',
    'a.key',
  ])

  test.each(credentialPaths)('that are called %s', (path) => {
    for (const part of [
      ' ',
      '\t#',
      'a',
      'a.',
      'a=',
      '"',
      "'",
      '\\',
      '[',
      '{"a":',
      '$',
      'eyJa.',
      'a:',
      'password ',
      'a://b:c',
    ]) {
      expect(scanSecrets(path, megabyte(part))).toBeInstanceOf(Array)
    }
  })

  test('of thousands of secrets in one line', () => {
    expect(scan('a.js', megabyte(`${tokens['npm-token'][0]} `))).toEqual(['npm-token:1'])
  })
})
