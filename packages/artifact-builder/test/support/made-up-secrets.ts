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

const hex = '0123456789abcdef'
const lower = 'abcdefghijklmnopqrstuvwxyz0123456789'
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const url = `${base62}_-`

/** Tokens of each format, a line each, by the rule that must find them in a file of any name. */
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
  'gitlab-token': [
    `gl${'pat'}-${letters(20)}`,
    ...['dt', 'rt', 'cbt', 'ptt', 'ft', 'imt', 'agent', 'oas', 'soat'].map(
      (kind) => `gl${kind}-${letters(26, base62, kind)}`,
    ),
    `GR13${'48941'}${letters(20)}`,
  ],
  'slack-token': [
    `xo${'xb'}-${letters(12, digits)}-${letters(13, digits)}-${letters(24)}`,
    `xa${'pp'}-1-A${letters(10, upper)}-${letters(13, digits)}-${letters(64, hex)}`,
  ],
  'slack-webhook': [
    `https://hooks.${'slack'}.com/services/T${letters(10, upper)}/B${letters(10, upper)}/${letters(24)}`,
  ],
  'stripe-key': [`sk_${'live'}_${letters(24)}`, `rk_${'live'}_${letters(99)}`, `wh${'sec'}_${letters(32)}`],
  'google-api-key': [`AI${'za'}${letters(35)}`],
  'google-oauth-secret': [`GOC${'SPX'}-${letters(28)}`],
  'npm-token': [`np${'m_'}${letters(36)}`],
  'pypi-token': [`pypi-${'AgEIcHlwaS5vcmc'}${letters(120)}`, `pypi-${'AgENdGVzdC5weXBpLm9yZw'}${letters(120)}`],
  'sendgrid-key': [`S${'G'}.${letters(22)}.${letters(43)}`],
  'twilio-key': [`twilio_api_key: S${'K'}${letters(32, hex)}`, `TWILIO_AUTH_${'TOKEN'}=${letters(32, hex, 'twilio')}`],
  'mailgun-key': [`mailgun=ke${'y-'}${letters(32, hex)}`],
  'mailchimp-key': [`${letters(32, hex, 'chimp')}-u${'s'}12`],
  'azure-storage-key': [
    `DefaultEndpointsProtocol=https;AccountName=shop;Account${'Key'}=${letters(86, base64)}==;EndpointSuffix=core.windows.net`,
    `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccess${'Key'}=${letters(43, base64)}=`,
  ],
  'azure-sas': [
    `https://shop.blob.core.windows.net/c?sp=r&st=2026-01-01T00:00:00Z&se=2027-01-01T00:00:00Z&sv=2022-11-02&sr=c&si${'g'}=${letters(41)}%2F%3D`,
  ],
  'azure-client-secret': [`abc${'8Q'}~${letters(34, url)}`],
  'digitalocean-token': ['dop', 'doo', 'dor'].map((kind) => `${kind}_${'v1'}_${letters(64, hex, kind)}`),
  'shopify-token': ['at', 'ss', 'ca', 'pa'].map((kind) => `sh${'p'}${kind}_${letters(32, hex, kind)}`),
  'openai-key': [
    `s${'k'}-${letters(20)}T3Blbk${'FJ'}${letters(20, base62, 'behind')}`,
    `s${'k'}-proj-${letters(74, url)}T3Blbk${'FJ'}${letters(74, base62, 'behind')}`,
  ],
  'anthropic-key': [`sk-${'ant'}-api03-${letters(93, url)}AA`],
  'vault-token': [`hv${'s'}.${letters(24)}`, `hv${'b'}.${letters(140)}`],
  'doppler-token': [`dp.${'pt'}.${letters(43)}`, `dp.${'st'}.prd.${letters(43)}`],
  'databricks-token': [`da${'pi'}${letters(32, hex)}`],
  'linear-key': [`lin_${'api'}_${letters(40)}`],
  'atlassian-token': [`ATA${'TT3'}xFfGF0${letters(180)}=${letters(8, upper)}`],
  'huggingface-token': [`h${'f'}_${letters(34, base62.slice(0, 52))}`],
  'telegram-bot-token': [`7${letters(9, digits)}:A${'A'}${letters(33)}`],
  'discord-token': [`discord.login(N${letters(25)}.${letters(6)}.${letters(38)})`],
  'discord-webhook': [`https://discord.com/api/${'webhooks'}/${letters(18, digits)}/${letters(68, url)}`],
  'nuget-key': [`oy${'2'}${letters(43, lower)}`],
  'rubygems-key': [`ruby${'gems'}_${letters(48, hex)}`],
  'docker-token': [`dckr_${'pat'}_${letters(27)}`],
  'terraform-token': [`${letters(14)}.atlas${'v1'}.${letters(67)}`],
  'grafana-token': [`gl${'sa'}_${letters(32)}_${letters(8, hex)}`],
  'new-relic-key': [`NR${'AK'}-${letters(27, upper)}`],
  'sentry-token': [`sn${'trys'}_eyJ${letters(120)}`, `sn${'tryu'}_${letters(64, hex)}`],
  'planetscale-token': [`psc${'ale'}_tkn_${letters(43)}`],
  'postman-key': [`PM${'AK'}-${letters(24, hex)}-${letters(34, hex)}`],
  'square-token': [`sq0${'csp'}-${letters(43)}`, `sq0${'atp'}-${letters(22)}`],
  'pulumi-token': [`pu${'l'}-${letters(40, hex)}`],
  'netlify-token': [`nf${'p'}_${letters(36)}`],
  'supabase-token': [`sb${'p'}_${letters(40, hex)}`, `sb_${'secret'}_${letters(31)}`],
  'figma-token': [`fi${'gd'}_${letters(40)}`],
  'dynatrace-token': [`dt0${'c01'}.${letters(24, upper)}.${letters(64, upper)}`],
  'brevo-key': [`xkey${'sib'}-${letters(64, hex)}-${letters(16)}`],
  'cloudflare-key': [`v1.${'0'}-${letters(24, hex)}-${letters(146, hex)}`],
  'age-secret-key': [`AGE-SECRET-${'KEY'}-1${letters(58, '023456789ACDEFGHJKLMNPQRSTUVWXYZ')}`],
  'jwk-private-key': [
    `{"${'kty'}":"EC","crv":"P-256","x":"${letters(43)}","y":"${letters(43)}","d":"${letters(43, url, 'd')}"}`,
    `{ d: '${letters(43, url)}', crv: 'Ed25519', ${'kty'}: 'OKP' }`,
    `{"k":"${letters(43, url)}","${'kty'}":"oct"}`,
  ],
  'connection-string-password': [
    ...[
      'postgres',
      'postgresql',
      'mysql',
      'mariadb',
      'mongodb',
      'mongodb+srv',
      'redis',
      'rediss',
      'amqp',
      'amqps',
      'mssql',
    ].map((scheme) => `${scheme}://shop:${letters(16, base62, scheme)}@db.shop.internal:1234/shop`),
    `postgresql+psycopg2://shop:${letters(16)}@127.0.0.1/shop`,
    String.raw`mysql:\/\/shop:${letters(16)}@10.0.0.7\/shop`,
    `jdbc:postgresql://db.shop.internal/shop?user=shop&pass${'word'}=${letters(16)}`,
  ],
} as const

/** Files of credentials: path, text, and what must be found in it as `rule:line`. */
export const credentialFiles: readonly (readonly [path: string, text: string, found: string])[] = [
  ['.yarnrc.yml', `nodeLinker: node-modules\nnpmAuth${'Token'}: "${letters(36)}"\n`, 'yarnrc-token:2'],
  ['.netrc', `machine api.shop.internal\n  login deploy\n  pass${'word'} ${letters(20)}\n`, 'netrc-password:3'],
  ['_netrc', `machine git.shop.internal login deploy pass${'word'} ${letters(20)}`, 'netrc-password:1'],
  ['.pgpass', `# host\ndb.shop.internal:5432:shop:shop:${letters(20)}\n`, 'pgpass-password:2'],
  ['.my.cnf', `[client]\nuser=shop\npass${'word'}="${letters(20)}"\n`, 'mysql-config-password:3'],
  ['public/.htpasswd', `shop:$apr${'1'}$${letters(8)}$${letters(22)}\n`, 'htpasswd-hash:1'],
  ['.git-credentials', `https://deploy:${letters(30)}@git.shop.internal\n`, 'git-credentials:1'],
  ['.pypirc', `[pypi]\nusername = shop\npass${'word'} = ${letters(20)}\n`, 'pypirc-password:3'],
  ['.kube/config', `users:\n- name: shop\n  user:\n    to${'ken'}: ${letters(60)}\n`, 'kubeconfig-credential:4'],
  ['deploy/kubeconfig.yaml', `    client-key-${'data'}: ${letters(400)}\n`, 'kubeconfig-credential:1'],
  ['infra/prod.tfvars', `region = "eu-west-1"\ndb_pass${'word'} = "${letters(20)}"\n`, 'tfvars-secret:2'],
  ['wp-config.php', `<?php\ndefine( 'DB_PASS${'WORD'}', '${letters(20)}' );\n`, 'wp-config-secret:2'],
  ['wp-config.php', `<?php\ndefine('AUTH_${'SALT'}', '${letters(64)}');\n`, 'wp-config-secret:2'],
  [
    'appsettings.Production.json',
    `{\n  "ConnectionStrings": {\n    "Shop": "Server=db.shop.internal;Database=shop;User Id=sa;Pass${'word'}=${letters(16)};"\n  }\n}\n`,
    'connection-string-password:3',
  ],
  [
    '.npmrc',
    `registry=https://npm.shop.internal\n//npm.shop.internal/:_auth${'Token'}=${letters(36, hex)}\n`,
    'npmrc-token:2',
  ],
  ['auth.json', `{"bearer": {\n"repo.shop.internal": "${letters(32)}"}}`, 'auth-json-token:2'],
  ['.docker/config.json', `{"auths": {"registry.shop.internal": {\n"auth": "${letters(40)}"}}}`, 'auth-json-token:2'],
  ['.env', `APP_ENV=prod\nDB_PASS${'WORD'}=${letters(20)}\n`, 'dotenv-secret:2'],
  ['.env.prod', `\nSESSION=ey${'J'}${letters(30)}.ey${'J'}${letters(60)}.${letters(43)}\n`, 'dotenv-secret:2'],
  ['.env', `\n\nDATABASE_URL=postgresql://shop:${letters(20)}@db:5432/shop\n`, 'dotenv-connection-password:3'],
  ['.env.local', 'A=1\n', 'dotenv-local:1'],
  ['.env.test.local', 'A=1\n', 'dotenv-local:1'],
  ['deploy/id_ed25519', 'nothing', 'private-key-path:1'],
  ['.aws/credentials', 'nothing', 'aws-credentials-path:1'],
  ['.aws/config', `[profile shop]\naws_secret_access_${'key'} = ${letters(40, base64)}\n`, 'aws-secret-access-key:2'],
  ['infra/terraform.tfstate', '{}', 'terraform-state-path:1'],
  ['infra/terraform.tfstate.backup', '{}', 'terraform-state-path:1'],
  ['config/secrets/prod/prod.decrypt.private.php', '<?php', 'symfony-decrypt-key-path:1'],
  ['config/master.key', letters(32, hex), 'rails-key-path:1'],
  ['config/credentials/production.key', letters(32, hex), 'rails-key-path:1'],
  ['application_default_credentials.json', '{}', 'gcloud-credentials-path:1'],
  ['.vault-token', 'nothing', 'vault-token-path:1'],
  ['shop.p12', '0\u0082\u0009\u0000\u0002\u0001\u0003', 'keystore:1'],
  ['shop.jks', '\u00fe\u00ed\u00fe\u00ed\0\0\0\u0002', 'keystore:1'],
  ['release.keystore', '0\u0082\u0009\u0000\u0002\u0001\u0003', 'keystore:1'],
  ['team.kdbx', '\u0003\u00d9\u00a2\u009a', 'keystore:1'],
  ['shop.key', '0\u0082\u0004\u00bc\u0002\u0001\u00000\r', 'private-key:1'],
  ['shop.der', '0\u0082\u0004\u00a4\u0002\u0001\u0000\u0002\u0082', 'private-key:1'],
]
