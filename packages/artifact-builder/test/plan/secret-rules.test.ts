import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scanSecrets, startSecretScan } from '../../src/plan/scan-secrets.ts'
import { keyBlock, keyKinds, letters, tokens } from '../support/made-up-secrets.ts'

function scan(path: string, text: string | Uint8Array, pieceBytes = 1000): readonly string[] {
  const bytes = Buffer.from(text)
  const running = startSecretScan(path)
  // Whoever reads a file has one memory for its pieces, and so has this.
  const memory = Buffer.alloc(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    running.add(memory.subarray(0, bytes.copy(memory, 0, at, at + pieceBytes)))
  }
  memory.fill(0)
  return running.finish().map(({ rule, line }) => `${rule}:${line}`)
}

const secret = letters(32)

describe('found by the name', () => {
  test.each([
    ['.env.local', 'dotenv-local'],
    ['config/.env.prod.local', 'dotenv-local'],
    ['id_rsa', 'private-key-path'],
    ['deploy/.ssh/id_ed25519', 'private-key-path'],
    ['id_ecdsa_sk.bak', 'private-key-path'],
    ['.aws/credentials', 'aws-credentials-path'],
    ['home/.aws/credentials', 'aws-credentials-path'],
  ])('%s is refused whatever is in it', (path, rule) => {
    expect(scan(path, '# nothing\n')).toEqual([`${rule}:1`])
    expect(scan(path, '')).toEqual([`${rule}:1`])
  })

  test.each([
    '.env',
    '.env.example',
    '.env.local.example',
    'id_rsa.pub',
    'src/id_rsa.ts',
    'aws/credentials',
    'env.local',
    '.aws/config',
  ])('%s is not', (path) => {
    expect(scan(path, 'nothing\n')).toEqual([])
  })
})

describe('private keys', () => {
  test.each(keyKinds)('%s is found', (kind) => {
    expect(scan('config/jwt.pem', `# a key\n${keyBlock(kind)}`)).toEqual(['private-key:2'])
  })

  const encrypted = keyBlock('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n')
  const block = keyBlock('PRIVATE KEY')
  const ssh2 = block
    .replaceAll('-----', '----')
    .replaceAll(/(BEGIN|END) PRIVATE KEY/g, '$1 SSH2 ENCRYPTED PRIVATE KEY')
    .replaceAll('----B', '---- B')
    .replaceAll('KEY----', 'KEY ----')
  const lines = block.trimEnd().split('\n')
  const putty = [
    `PuTTY-${'User-Key-File'}-2: ssh-rsa`,
    'Encryption: none',
    'Comment: a',
    'Public-Lines: 1',
    letters(64),
    `Private-${'Lines'}: 1`,
    letters(64),
  ].join('\r\n')

  test.each([
    ['with headers of encryption', encrypted],
    ['with Windows line ends', block.replaceAll('\n', '\r\n')],
    ['with a PGP header', keyBlock('PGP PRIVATE KEY BLOCK', 'Version: GnuPG v2\n\n')],
    ['in JSON, as a service account file has it', JSON.stringify({ private_key: block })],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ private_key: block }))],
    ['indented in YAML', `key: |\n  ${lines.join('\n  ')}\n`],
    ['put together from quoted lines', lines.map((line) => `'${line}\\n' +`).join('\n')],
    ['in a comment', lines.map((line) => ` * ${line}`).join('\n')],
    ['on one line', lines.join(' ')],
    ['of one line of Base64, as Ed25519 keys are', keyBlock('PRIVATE KEY', '', 1)],
    ['of SSH2', ssh2],
    ['of PuTTY', putty],
  ])('a key %s is found', (_name, text) => {
    expect(scan('src/file.txt', text).map((found) => found.split(':')[0])).toEqual(['private-key'])
  })

  const begin = `-----${'BEGIN'} PRIVATE KEY-----`
  const end = `-----${'END'} PRIVATE KEY-----`
  test.each([
    ['the words alone', `if (text.startsWith('${begin}')) return 'a key'\n`],
    ['a placeholder between them', `${begin}\n...\n${end}\n`],
    ['one letter repeated', `${begin}\n${'x'.repeat(64)}\n${end}`],
    ['prose behind them', `${begin} is the first line of a PEM file, which has Base64 encoded material behind it`],
    ['code behind them', `const begin = '${begin}'\nconst internationalisationConfigurationProviderFactory = 1\n`],
    ['a regular expression', `/${begin}[\\s\\S]+?${end}/g`],
    ['a short line', `${begin}\nMIIEvQIBADANBg\n${end}`],
    ['a public key', keyBlock('PUBLIC KEY')],
    ['a certificate', keyBlock('CERTIFICATE')],
  ])('%s are no key', (_name, text) => {
    expect(scan('src/file.js', text)).toEqual([])
  })
})

describe('tokens', () => {
  const rows = Object.entries(tokens).flatMap(([rule, values]) =>
    values.map((value, index) => [rule, index, value] as const),
  )

  test.each(rows)('%s (%i) is found in any file', (rule, _index, value) => {
    expect(scan('dist/main.js', `a\nb\nconst x = "${value}"\n`)).toEqual([`${rule}:3`])
    expect(scan('README.md', value)).toEqual([`${rule}:1`])
  })

  test.each([
    ["AWS's own example", `AK${'IA'}IOSFODNN7EXAMPLE`],
    ["AWS's own example of a secret key", `aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY${'EXAMPLEKEY'}`],
    ['an id inside Base64', `${letters(20)}AK${'IA'}${'BCDEFGHIJKLMNOPQ'}${letters(20)}`],
    ['a token of crosses', `gh${'p_'}${'x'.repeat(36)}`],
    ['a token that is too short', `gh${'p_'}${letters(20)}`],
    ['the test key of Stripe', `sk_${'test'}_${letters(24)}`],
    ['a variable of npm', `npm_${'config'}_${letters(36)}`],
    ['a longer word', `snpm_${letters(36)}`],
    ['a JWT', `ey${'J'}hbGciOiJIUzI1NiJ9.${letters(40)}.${letters(43)}`],
    ['a reference to a secret key', 'aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY_OF_THE_DEPLOY_ROLE_HERE}'],
    ['the digest of a file', `integrity: sha512-${letters(86)}==`],
  ])('%s is none', (_name, text) => {
    expect(scan('dist/main.js', text)).toEqual([])
  })
})

describe('dotenv files', () => {
  test.each([
    ['a password', `DB_PASSWORD=${secret}`],
    ['a weak password', 'DB_PASSWORD=hunter2'],
    ["PostgreSQL's own variable", 'PGPASSWORD=hunter2'],
    ['a quoted secret', `APP_SECRET="${secret}"`],
    ['an exported token', `export API_TOKEN='${secret}'`],
    ['a camel-case key', `stripeApiKey=${secret}`],
    ['a numbered key', `APP_KEY_2=base64:${secret}`],
    ['a value with blanks around it', `APP_SECRET = ${secret}`],
    ['a value with a comment behind it', `APP_SECRET=${secret} # keep`],
    ['a value that was commented out', `# APP_SECRET=${secret}`],
    ['a passphrase', `JWT_PASSPHRASE=${secret}`],
    ['a password without a Latin letter', 'DB_PASSWORD=пароль-мой'],
    ['a password of signs', 'DB_PASSWORD="!§%&/()=?+"'],
    ['a numeric password', 'DB_PASSWORD=982451653'],
  ])('%s is found', (_name, line) => {
    for (const path of ['.env', '.env.prod', 'deploy/.env.test', '.envrc', 'docker/production.env']) {
      expect(scan(path, `\ufeffAPP_ENV=prod\n\n${line}\n`)).toEqual(['dotenv-secret:3'])
    }
    expect(scan('.env', `\ufeff${line}`)).toEqual(['dotenv-secret:1'])
    expect(scan('.env', `A=1\r\n${line}\r\n`)).toEqual(['dotenv-secret:2'])
  })

  test.each([
    ['of PostgreSQL', `DATABASE_URL="postgresql://app:${secret}@db:5432/app?serverVersion=16"`],
    ['of a mailer', `MAILER_DSN=smtp://user:${secret}@smtp.example.com:465`],
    ['of Redis, without a user', `REDIS_URL=redis://:${secret}@cache:6379`],
    ['in words', `MSSQL="Server=db;Database=shop;User=sa;Password=${secret};"`],
    ['that was commented out', `# DATABASE_URL=mysql://app:${secret}@db/app`],
  ])('a connection %s with a password is found', (_name, line) => {
    expect(scan('.env', line)).toEqual(['dotenv-connection-password:1'])
  })

  test('the defaults that frameworks commit pass', () => {
    const committed = `# In all environments, the following files are loaded if they exist
APP_ENV=prod
APP_DEBUG=0
APP_SECRET=
EMPTY_PASSWORD=""
DB_PASSWORD=changeme
OTHER_PASSWORD="!ChangeMe!"
THIRD_PASSWORD=change-me
FOURTH_PASSWORD=\${DB_PASSWORD}
FIFTH_PASSWORD=$DB_PASSWORD
SIXTH_SECRET=%env(APP_SECRET)%
SEVENTH_SECRET=<your secret>
EIGHTH_SECRET=xxxxxxxxxxxxxxxx
NINTH_SECRET=your-secret-here
TENTH_TOKEN=null
MYSQL_ROOT_PASSWORD=root
TEST_SECRET='$ecretf0rt3st'
JWT_SECRET_KEY=%kernel.project_dir%/config/jwt/private.pem
SSL_PRIVATE_KEY=/etc/ssl/private/shop.key
TOKEN_TTL=3600
CACHE_TOKEN=3600
PASSWORD_MIN_LENGTH=12
AUTH_TOKEN_HEADER=X-Auth-Token
CSRF_TOKEN_ENABLED=true
REFRESH_TOKEN=false
DATABASE_URL="postgresql://app:!ChangeMe!@127.0.0.1:5432/app?serverVersion=16&charset=utf8"
# DATABASE_URL="mysql://app:!ChangeMe!@127.0.0.1:3306/app?serverVersion=8.0.32&charset=utf8mb4"
MESSENGER_TRANSPORT_DSN=amqp://guest:guest@localhost:5672/%2f/messages
LOCAL_DSN=postgresql://shop:shop@localhost/shop
MAILER_DSN=null://null
CORS_ALLOW_ORIGIN='^https?://(localhost|127\\.0\\.0\\.1)(:[0-9]+)?$'
HOMEPAGE=https://example.com:8080/path@2x
STRIPE_PUBLISHABLE_KEY=pk_live_thatanybodymaysee
`
    expect(scan('.env', committed)).toEqual([])
  })

  test.each(['.env.example', '.env.sample', '.env.dist', 'prod.env.template', '.env.example.prod'])(
    '%s is an example, in which only a real token is refused',
    (path) => {
      expect(scan(path, `DB_PASSWORD=${secret}`)).toEqual([])
      expect(scan(path, `GITHUB_TOKEN=${tokens['github-token'][0]}`)).toEqual(['github-token:1'])
    },
  )

  test('assignments elsewhere are not looked at', () => {
    expect(scan('src/config.ts', `DB_PASSWORD=${secret}`)).toEqual([])
    expect(scan('src/environment.ts', `DB_PASSWORD=${secret}`)).toEqual([])
  })
})

describe('credential files', () => {
  test.each([
    `//registry.npmjs.org/:_authToken=${secret}`,
    `_auth = ${secret}`,
    `//npm.example.com/:_password="${secret}"`,
    `@shop:registry=https://npm.example.com\n//npm.example.com/:_authToken=${secret}`,
  ])('a token in .npmrc is found (%#)', (text) => {
    expect(scan('.npmrc', text).map((found) => found.split(':')[0])).toEqual(['npmrc-token'])
  })

  test.each([
    '//registry.npmjs.org/:_authToken=${NPM_TOKEN}',
    '; //registry.npmjs.org/:_authToken=old\n# _auth=old',
    'always-auth=true\nregistry=https://registry.npmjs.org',
    '_authToken=',
  ])('an .npmrc without one passes (%#)', (text) => {
    expect(scan('.npmrc', text)).toEqual([])
  })

  test.each([
    ['github-oauth', { 'github-oauth': { 'github.com': secret } }],
    ['http-basic', { 'http-basic': { 'repo.example.com': { username: 'shop', password: secret } } }],
    ['bearer', { bearer: { 'repo.example.com': secret } }],
    ['Docker', { auths: { 'https://index.docker.io/v1/': { auth: secret } } }],
    ['any token', { tokens: { access_token: secret } }],
  ])('a token in auth.json is found, with its line: %s', (_name, json) => {
    const text = JSON.stringify(json, undefined, 2)
    const line = text.slice(0, text.indexOf(secret)).split('\n').length
    expect(scan('auth.json', text)).toEqual([`auth-json-token:${line}`])
  })

  test.each([
    '{}',
    '{"http-basic": {"repo.example.com": {"username": "shop", "password": ""}}}',
    '{"github-oauth": {"github.com": "%env(GITHUB_TOKEN)%"}}',
    '{"title": "How authentication works"}',
    'not json',
  ])('an auth.json without one passes (%#)', (text) => {
    expect(scan('auth.json', text)).toEqual([])
  })
})

test('wherever a file is cut into pieces, the same places are found once each', () => {
  const parts = [
    ...Object.values(tokens).flat(),
    ...keyKinds.map((kind) => keyBlock(kind)),
    'a line of text',
    '\n\n',
    letters(9000),
    `${letters(5000)}\n`,
  ]
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 30_000 }),
      (chosen, pieceBytes) => {
        const text = chosen.join('\n')
        const whole = scanSecrets('file.txt', Buffer.from(text)).map(({ rule, line }) => `${rule}:${line}`)
        expect(scan('file.txt', text, pieceBytes)).toEqual(whole)
      },
    ),
    { numRuns: 150 },
  )
})

test('scans that take turns find what each finds alone', () => {
  const texts = [
    `${letters(1500)}\n${tokens['npm-token'][0]}\n${letters(1500)}`,
    `${letters(700)}\n\n${tokens['github-token'][0]}\n${letters(4000)}\n${tokens['npm-token'][0]}`,
    letters(5000),
  ].map((text) => Buffer.from(text))
  const scans = texts.map((_, index) => startSecretScan(`file-${index}.txt`))
  const pieceBytes = 150
  for (let at = 0; texts.some((text) => at < text.length); at += pieceBytes) {
    scans.forEach((running, index) => running.add(texts[index]?.subarray(at, at + pieceBytes) ?? Buffer.alloc(0)))
  }
  const found = scans.map((running) => running.finish().map(({ rule, line }) => `${rule}:${line}`))
  expect(found).toEqual([['npm-token:2'], ['github-token:3', 'npm-token:5'], []])
})

test('the line is right in a file of many pieces', () => {
  const text = `${'x\n'.repeat(500_000)}${tokens['npm-token'][0]}\n${'y\n'.repeat(500_000)}`
  expect(scan('big.txt', text, 65_536)).toEqual(['npm-token:500001'])
})

test('bytes that are no text hide no token', () => {
  const bytes = Buffer.concat([
    Buffer.from([0, 255, 254, 10, 128]),
    Buffer.from(`"${tokens['github-token'][0]}"`),
    Buffer.from([0, 200]),
  ])
  expect(scan('file.bin', bytes)).toEqual(['github-token:2'])
})
