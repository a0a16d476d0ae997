import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { AmbientOptions, DeployEvent } from '@fairlead/core'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** Where a value comes from: names only, never the value. Plain and JSON-safe; made by `secret()`. */
export interface SecretSource {
  readonly schema: 'fairlead/secret-source/1'
  /** Name or ARN of the secret. A secret of another account needs its ARN. */
  readonly name: string
  /** The field of a JSON secret that holds the value. Left out: the whole secret. */
  readonly key?: string | undefined
  /** Pins a version by its id. */
  readonly versionId?: string | undefined
  /** Pins a version by its stage. Default: `AWSCURRENT`. */
  readonly versionStage?: string | undefined
  /**
   * What stands in, where there is no such secret or it has no such field. It is part of the plan, and so no secret. A secret that is
   * scheduled for deletion is there, and fails.
   */
  readonly default?: string | undefined
}

/** The parser that the file is written for. There is no encoding that all parsers read alike, so it is named. */
export type DialectName =
  /** Symfony Dotenv 5.4 and 7. */
  | 'symfony'
  /** motdotla's dotenv 16 to 18 for Node. */
  | 'dotenv'
  /** dotenv with dotenv-expand, 1000.0.0 included, which runs commands. */
  | 'dotenv-expand'
  /** Next.js (`@next/env`). */
  | 'next'
  /** Vite 5. */
  | 'vite'
  /** Vite 6 and 7. */
  | 'vite6'
  /** Vite 8, which reads as Node does. */
  | 'vite8'
  /** Node's `--env-file` and `util.parseEnv`. */
  | 'node'
  /** dotenvx 2. */
  | 'dotenvx'
  /** vlucas/phpdotenv 5. */
  | 'phpdotenv'
  /** python-dotenv as it comes, with interpolation. */
  | 'python-dotenv'
  /** python-dotenv with `interpolate=False`. */
  | 'python-dotenv-raw'
  /** dotenv 2 for Ruby. */
  | 'ruby-dotenv'
  /** A file that bash, dash, busybox ash, mksh or zsh sources. */
  | 'shell'
  /** `EnvironmentFile=` of a systemd unit. */
  | 'systemd'
  /** `docker run --env-file`. */
  | 'docker'
  /** A JSON object of texts. */
  | 'json'
  /** A YAML mapping of texts. */
  | 'yaml'
  /** Apache's `SetEnv` directives, to be included. */
  | 'apache'
  /** `env[NAME]` of a PHP-FPM pool, to be included. */
  | 'php-fpm'

/** An environment file: which values it gets and from where. */
export interface EnvFileOptions {
  /** Path below `directory`, for example `.env.local`. */
  readonly name: string
  /** The parser that will read it. */
  readonly dialect: DialectName
  /**
   * One JSON secret whose top-level fields become the variables; or each variable's name with its source. A text stands for itself,
   * for parameters that are no secret.
   */
  readonly from: SecretSource | Readonly<Record<string, SecretSource | string>>
  /** Variables that are no secret, beside those of `from`, none of which may have the same name. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Variables that are no secret, where neither `from` nor `parameters` gives one of that name. */
  readonly defaults?: Readonly<Record<string, string>> | undefined
  /**
   * Which variables must be there. A list: all of these. A file below `directory`, read in the same dialect: the variables that it
   * leaves empty; where its name ends in `.example`, `.sample` or `.template`, every variable that it names. A Standard Schema (zod,
   * valibot, arktype, …): what it refuses is told by name; its words, which may quote values, are not passed on, and what it makes
   * of the values is not written. Default: none.
   */
  readonly expect?: string | readonly string[] | StandardSchemaV1 | undefined
  /**
   * Variables that the list or file in `expect` does not name: `warn` tells them in an event, `refuse` fails. Default: `warn`.
   */
  readonly extra?: 'allow' | 'warn' | 'refuse' | undefined
  /**
   * Writes JSON `true`, `false` and whole numbers (up to 2^53) as they stand. Default: false, only text is accepted; secrets that
   * RDS manages hold their port as a number.
   */
  readonly acceptIntegersAndBooleans?: boolean | undefined
  /**
   * Writes JSON lists and objects as JSON text without spaces, in which every number is whole and at most 2^53. Default: false.
   */
  readonly acceptNestedJson?: boolean | undefined
}

/** What key files are checked for beyond parsing. */
export interface KeyChecks {
  /** Paths of `files` that belong together: a private key, and the certificate or public key that is made for it. */
  readonly pairs?: readonly { readonly privateKey: string; readonly publicKey: string }[] | undefined
  /** Every certificate must be valid now and for so many days more. Default: not looked at. */
  readonly validForDays?: number | undefined
}

/** Of the AWS client, what is used. */
export type SecretsClient = Pick<SecretsManagerClient, 'send'>

/** What `injectSecrets` is to put where. */
export interface InjectionRequest {
  /** The folder that everything is written below. A link here is followed once; below it, links are refused. */
  readonly directory: string
  /** User name or uid that owns the files. Default: the user of this process. */
  readonly owner?: string | number | undefined
  /** Group name or gid. Default: the primary group of `owner`. */
  readonly group?: string | number | undefined
  readonly envFile?: EnvFileOptions | undefined
  /** Path below `directory` → the secret that is written there, byte for byte: plain text, binary, PEM. */
  readonly files?: Readonly<Record<string, SecretSource>> | undefined
  readonly keys?: KeyChecks | undefined
  /**
   * Writes all files into a new folder, `versions/…`, and then turns one link, `current`, to it: a reader of `current/…` never sees
   * files of two injections. The version before is kept, older ones are removed. Default: the files are replaced where they stand,
   * each whole, one after the other: right for a folder that is not in use yet, as a staged release.
   */
  readonly versioned?: boolean | undefined
  /** Refuses a `directory` that is not kept in memory (tmpfs, ramfs), so that nothing comes onto a disk. Default: false. */
  readonly inMemory?: boolean | undefined
}

/** A secret as a store of its own answers it. */
export interface StoredSecret {
  readonly value: string | Uint8Array
  /** Names the version, for reports. */
  readonly versionId: string
}

/** Where secrets are read, if not from AWS Secrets Manager. */
export interface SecretStore {
  /**
   * Reads one secret; `undefined` where there is none of that name or version. What it throws is reported by the name of the secret
   * and the class of the error alone: messages quote values.
   */
  readonly readSecret: (
    request: SecretRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<StoredSecret | undefined>
}

/** How secrets are fetched; the same for every verb. */
export interface FetchOptions extends AmbientOptions<InjectionEvent> {
  /** Default: one made on first use from the standard environment. A given one is never closed. */
  readonly client?: SecretsClient | undefined
  /** Region of our own client. Default: the environment's. */
  readonly region?: string | undefined
  /** URL of the service for our own client. Default: the environment's. */
  readonly endpoint?: string | undefined
  /** Reads the secrets instead of AWS Secrets Manager. */
  readonly store?: SecretStore | undefined
  /** How long fetching may take in all, the wait of `jitterMs` included. Default: as long as the client tries. */
  readonly timeoutMs?: number | undefined
  /** Waits for any time up to this before the first call, for a fleet of hosts that starts at once. Default: 0. */
  readonly jitterMs?: number | undefined
}

export interface InjectSecretsOptions extends InjectionRequest, FetchOptions {}

/** One secret to ask for; asked once, however many values it holds. */
export interface SecretRequest {
  readonly name: string
  readonly versionId?: string | undefined
  readonly versionStage?: string | undefined
}

/** A file that will be written. */
export type PlannedFile =
  | {
      readonly kind: 'env'
      /** Path below the directory. */
      readonly path: string
      readonly dialect: DialectName
      readonly from: SecretSource | Readonly<Record<string, SecretSource | string>>
      readonly parameters: Readonly<Record<string, string>>
      readonly defaults: Readonly<Record<string, string>>
      readonly acceptIntegersAndBooleans: boolean
      readonly acceptNestedJson: boolean
    }
  | { readonly kind: 'key-file'; readonly path: string; readonly source: SecretSource }

/** What an injection would read and write, without a value. */
export interface InjectionPlan {
  readonly files: readonly PlannedFile[]
  readonly secrets: readonly SecretRequest[]
  /** Those of `secrets` that may be missing, since every source has a default. */
  readonly optional: readonly SecretRequest[]
}

/** A version of a secret that a file was made from. */
export interface InjectedSource {
  readonly name: string
  readonly versionId: string
}

export interface InjectedFile {
  /** Path below `directory`. */
  readonly path: string
  /** Of an environment file: the variables, sorted. Names only. */
  readonly names?: readonly string[] | undefined
  /** Whether it was written; a file with the same bytes, mode and owner is not touched. */
  readonly changed: boolean
  /** Each secret once, sorted by name. */
  readonly sources: readonly InjectedSource[]
}

/** What was injected: names and versions; no value, length or hash of one. JSON-safe. */
export interface InjectionReport {
  readonly schema: 'fairlead/injection/1'
  /** Absolute, links resolved. */
  readonly directory: string
  /** Where the files are read: the directory itself, or its link `current` where the injection is versioned. */
  readonly live: string
  readonly files: readonly InjectedFile[]
  /** Whether any file was written. */
  readonly changed: boolean
}

/** What is told while it happens. None holds a value, or a length or hash of one. */
export type InjectionEvent = DeployEvent &
  (
    | {
        /** An earlier run was killed: its commit was `completed` or `undone`, or it had none and its files were `swept`. */
        readonly type: 'secrets.recovered'
        readonly outcome: 'completed' | 'undone' | 'swept'
        readonly files: readonly string[]
      }
    | {
        /** A working folder that belongs to another user stays where it is. */
        readonly type: 'secrets.leftover-ignored'
        readonly folder: string
      }
    | { readonly type: 'secrets.secret-fetched'; readonly name: string; readonly versionId: string }
    | {
        /** BatchGetSecretValue was not to be had; the secrets are fetched one by one. */
        readonly type: 'secrets.batch-unavailable'
        readonly reason: 'denied' | 'throttled'
        readonly secrets: readonly string[]
      }
    | {
        /** Variables of a file that what is expected of it does not name. */
        readonly type: 'secrets.extra-variables'
        readonly path: string
        readonly names: readonly string[]
      }
    | { readonly type: 'secrets.file-written'; readonly path: string }
    | { readonly type: 'secrets.file-unchanged'; readonly path: string }
    | {
        /** The files are in place, but the working folder could not be removed; the next run does it. */
        readonly type: 'secrets.leftover-kept'
        readonly folder: string
      }
  )

/** What an injection would do to one file. */
export interface FileDifference {
  /** Path below `directory`. */
  readonly path: string
  /** `mode`: only the mode or the owner would change. `changed` without names: only how the file is written. */
  readonly state: 'added' | 'changed' | 'mode' | 'unchanged'
  /** Of an environment file: the variables that would come, go and get another value. Names only. */
  readonly added?: readonly string[] | undefined
  readonly removed?: readonly string[] | undefined
  readonly changed?: readonly string[] | undefined
}

/** What an injection would change: names; no value, length or hash of one. JSON-safe. */
export interface InjectionDifference {
  readonly schema: 'fairlead/injection-difference/1'
  readonly directory: string
  readonly files: readonly FileDifference[]
  readonly changed: boolean
}
