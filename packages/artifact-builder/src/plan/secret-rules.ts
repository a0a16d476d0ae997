/** Every rule of the secret guard: first what a path says, then files of credentials, then what is in any file. */
export const secretRules = [
  /** `.env.local`, `.env.production.local`: values of one machine or environment, whatever they are. */
  'dotenv-local',
  /** A password, key or token with a value in a dotenv file. */
  'dotenv-secret',
  /** A connection string with a password in a dotenv file. */
  'dotenv-connection-password',
  /** `id_rsa`, `id_ed25519` and their like. */
  'private-key-path',
  /** A private key: PEM of every kind, OpenSSH, PGP, SSH2, PuTTY; encrypted ones too. DER by the name of its file. */
  'private-key',
  /** A token or password in an `.npmrc`. */
  'npmrc-token',
  /** `.aws/credentials`. */
  'aws-credentials-path',
  'aws-access-key-id',
  'aws-secret-access-key',
  /** A token or password in an `auth.json` of Composer or Docker. */
  'auth-json-token',
  'github-token',
  'gitlab-token',
  'slack-token',
  'stripe-key',
  'google-api-key',
  'npm-token',

  /** `terraform.tfstate` and its backups hold every attribute of every resource, passwords included. */
  'terraform-state-path',
  /** `config/secrets/prod/prod.decrypt.private.php` of Symfony. */
  'symfony-decrypt-key-path',
  /** `config/master.key`, `config/credentials/production.key`. */
  'rails-key-path',
  /** `application_default_credentials.json` of gcloud. */
  'gcloud-credentials-path',
  /** `.vault-token`, `.vault_pass`. */
  'vault-token-path',
  /** A key store: PKCS #12, JKS, JCEKS, BCFKS, KeePass. */
  'keystore',

  'yarnrc-token',
  'netrc-password',
  'pgpass-password',
  'mysql-config-password',
  'htpasswd-hash',
  'git-credentials',
  'pypirc-password',
  'kubeconfig-credential',
  'tfvars-secret',
  'wp-config-secret',

  /** A connection string of a database or a broker with a password. */
  'connection-string-password',
  /** The private members of a JSON Web Key. */
  'jwk-private-key',
  'age-secret-key',
  'slack-webhook',
  'google-oauth-secret',
  'pypi-token',
  'sendgrid-key',
  'twilio-key',
  'mailgun-key',
  'mailchimp-key',
  'azure-storage-key',
  'azure-sas',
  'azure-client-secret',
  'digitalocean-token',
  'shopify-token',
  'openai-key',
  'anthropic-key',
  'vault-token',
  'doppler-token',
  'databricks-token',
  'linear-key',
  'atlassian-token',
  'huggingface-token',
  'telegram-bot-token',
  'discord-token',
  'discord-webhook',
  'nuget-key',
  'rubygems-key',
  'docker-token',
  'terraform-token',
  'grafana-token',
  'new-relic-key',
  'sentry-token',
  'planetscale-token',
  'postman-key',
  'square-token',
  'pulumi-token',
  'netlify-token',
  'supabase-token',
  'figma-token',
  'dynatrace-token',
  'brevo-key',
  'cloudflare-key',
] as const

export type SecretRule = (typeof secretRules)[number]

/** A secret in a text or in bytes: a place, never a value. */
export interface SecretMatch {
  readonly rule: SecretRule
  readonly index: number
}
