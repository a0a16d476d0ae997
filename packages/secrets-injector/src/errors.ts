import { defineErrors, describeError } from '@fairlead/core'

/**
 * What can fail in an injection. The facts are names, paths and kinds: no entry takes a value, a piece, a length or a hash of one,
 * nor the words of a parser or of the SDK, which quote what they could not read.
 */
export const errors = defineErrors('secrets-injector', {
  SECRET_NOT_FOUND: describeError<{ secret: string; version?: string | undefined }>({
    message: ({ secret, version }) => `there is no secret ${secret}${version ? ` with the version ${version}` : ''}`,
    hint: 'Check the name, the region and the account; a secret of another account needs its full ARN.',
    example: { secret: 'shop/production/env' },
  }),
  SECRET_DELETED: describeError<{ secret: string }>({
    message: ({ secret }) => `the secret ${secret} is scheduled for deletion and cannot be read`,
    hint: ({ secret }) => `Restore it (aws secretsmanager restore-secret --secret-id ${secret}) or name another one.`,
    example: { secret: 'shop/production/env' },
  }),
  SECRET_NOT_DECRYPTED: describeError<{ secret: string }>({
    message: ({ secret }) => `Secrets Manager cannot decrypt the secret ${secret} with its KMS key`,
    hint: 'Check that the key is enabled, and that the role may use it: kms:Decrypt in its policy and in the key policy.',
    example: { secret: 'shop/production/env' },
  }),
  SECRET_KEY_DENIED: describeError<{ secret: string }>({
    message: ({ secret }) => `the KMS key of the secret ${secret} may not be used by this role`,
    hint: 'Allow kms:Decrypt on that key, in the policy of the role and in the policy of the key; another account needs both.',
    example: { secret: 'shop/production/env' },
  }),
  SECRET_STORE_FAILED: describeError<{ secret: string; name: string }>({
    message: ({ secret, name }) => `the store could not read the secret ${secret}: ${name}`,
    hint: 'Look into what `store` does; what it said is not repeated here, since it may hold the secret.',
    example: { secret: 'shop/production/env', name: 'TypeError' },
  }),
  SECRETS_TIMED_OUT: describeError<{ timeoutMs: number }>({
    message: ({ timeoutMs }) => `the secrets were not fetched within ${timeoutMs} ms; nothing was written`,
    hint: 'Give more time with timeoutMs, or look at what the network and Secrets Manager do.',
    retryable: true,
    example: { timeoutMs: 30_000 },
  }),
  SECRET_REQUEST_REFUSED: describeError<{ secret: string; name: string }>({
    message: ({ secret, name }) => `Secrets Manager refused to read the secret ${secret}: ${name}`,
    hint: 'Check the name, and that versionId and versionStage name the same version.',
    example: { secret: 'shop/production/env', name: 'InvalidParameterException' },
  }),
  SECRETS_ANSWER_INVALID: describeError<{ action: string; secret: string; problem: string }>({
    message: ({ action, secret, problem }) =>
      `the answer to ${action} for ${secret} cannot be used: ${problem}; nothing was written`,
    hint: 'Check what answers at the endpoint (AWS_ENDPOINT_URL, a proxy); Secrets Manager does not answer so.',
    example: {
      action: 'secretsmanager:BatchGetSecretValue',
      secret: 'shop/production/env',
      problem: 'the secret is in it twice',
    },
  }),
  SECRET_NOT_JSON: describeError<{ secret: string; file: string; found: string }>({
    message: ({ secret, file, found }) =>
      `the secret ${secret} is ${found}; ${file} needs a JSON object with a field for each value`,
    hint: 'Store an object ({"NAME": "value", …}), or take the whole secret as one value: secret(name) without a key.',
    example: { secret: 'shop/production/env', file: '.env.local', found: 'text that is not JSON' },
  }),
  SECRET_NAME_TWICE: describeError<{ secret: string; key: string; file: string }>({
    message: ({ secret, key, file }) =>
      `the JSON of the secret ${secret} has the field ${JSON.stringify(key)} twice; ${file} can hold one`,
    hint: 'Remove one of them: which of two values is meant nobody can tell.',
    example: { secret: 'shop/production/env', key: 'DATABASE_URL', file: '.env.local' },
  }),
  SECRET_KEY_MISSING: describeError<{ secret: string; key: string; file: string; nearest?: string | undefined }>({
    message: ({ secret, key, file }) =>
      `the secret ${secret} has no field ${JSON.stringify(key)}, which ${file} is to be made from`,
    hint: ({ nearest }) =>
      nearest === undefined ? 'Add the field to the secret.' : `Did you mean ${JSON.stringify(nearest)}?`,
    example: { secret: 'shop/production/env', key: 'DATABASE_ULR', file: '.env.local', nearest: 'DATABASE_URL' },
  }),
  SECRET_FIELD_NOT_TEXT: describeError<{ secret: string; key: string; file: string; found: string }>({
    message: ({ secret, key, file, found }) =>
      `the field ${JSON.stringify(key)} of the secret ${secret} is ${found}; ${file} takes text`,
    hint: 'Store it as text ("8080"); in an environment file acceptIntegersAndBooleans and acceptNestedJson accept more.',
    example: { secret: 'shop/production/env', key: 'PORT', file: '.env.local', found: 'a number' },
  }),
  SECRET_IS_BINARY: describeError<{ secret: string; file: string }>({
    message: ({ secret, file }) => `the secret ${secret} is binary; ${file} needs text`,
    hint: 'Binary secrets go into files of their own: `files`, without a key.',
    example: { secret: 'shop/production/keystore', file: '.env.local' },
  }),
  SECRETS_MISSING_KEYS: describeError<{ file: string; missing: readonly string[]; expectedBy: string }>({
    message: ({ file, missing, expectedBy }) => `${file} would lack ${missing.join(', ')}, expected by ${expectedBy}`,
    hint: 'Add them to the secret or to `from`; the empty text is a value.',
    example: { file: '.env.local', missing: ['APP_SECRET', 'DATABASE_URL'], expectedBy: '.env' },
  }),
  SECRETS_EXTRA_KEYS: describeError<{ file: string; extra: readonly string[]; expectedBy: string }>({
    message: ({ file, extra, expectedBy }) => `${file} would have ${extra.join(', ')}, not named by ${expectedBy}`,
    hint: 'Remove them from the secret, or name them there; extra: "warn" lets them pass.',
    example: { file: '.env.local', extra: ['OLD_TOKEN'], expectedBy: '.env.example' },
  }),
  SECRETS_UNEXPECTED: describeError<{ file: string; refused: readonly string[]; expectedBy: string }>({
    message: ({ file, refused, expectedBy }) => `${file} has values that ${expectedBy} refuses: ${refused.join(', ')}`,
    hint: 'Compare the secret with the schema; what the schema says is not repeated here, since it may quote values.',
    example: { file: '.env.local', refused: ['DATABASE_URL'], expectedBy: 'the schema (zod)' },
  }),
  EXPECTATION_UNREADABLE: describeError<{ path: string; dialect: string; problem: string }>({
    message: ({ path, dialect, problem }) =>
      `cannot read the expected names from ${path} in the dialect ${dialect}: ${problem}`,
    hint: 'Correct the file, or give the names as a list.',
    example: { path: '.env', dialect: 'symfony', problem: 'there is no such file' },
  }),
  VARIABLE_GIVEN_TWICE: describeError<{ file: string; name: string }>({
    message: ({ file, name }) => `${file} would get ${name} from the secret and from parameters`,
    hint: 'Remove one of them; a value that the secret may replace goes into `defaults`.',
    example: { file: '.env.local', name: 'APP_ENV' },
  }),
  VARIABLE_NAME_INVALID: describeError<{
    file: string
    /** Missing where the variables go into no file. */
    dialect?: string | undefined
    name: string
    expected: string
  }>({
    message: ({ file, dialect, name, expected }) =>
      `${file} cannot hold a variable named ${JSON.stringify(name)}: ${dialect ? `the dialect ${dialect}` : 'it'} takes ${expected}`,
    hint: 'Rename the field of the secret, or map it to another name in `from`.',
    example: {
      file: '.env.local',
      dialect: 'symfony',
      name: 'app-secret',
      expected: 'letters, digits and underscores',
    },
  }),
  SECRET_NOT_ENCODABLE: describeError<{
    file: string
    /** Missing where the variables go into no file. */
    dialect?: string | undefined
    variable: string
    reason: string
    wayOut: string
  }>({
    message: ({ file, dialect, variable, reason }) =>
      `${file} cannot hold the value of ${variable}${dialect ? ` in the dialect ${dialect}` : ''}: ${reason}`,
    hint: ({ wayOut }) => wayOut,
    example: {
      file: '.env.local',
      dialect: 'dotenv',
      variable: 'TOKEN',
      reason: 'it holds a NUL character, which no environment variable can',
      wayOut: 'Write the secret to a file of its own (`files`).',
    },
  }),
  READ_BACK_DIFFERS: describeError<{ file: string; dialect: string; variable: string }>({
    message: ({ file, dialect, variable }) =>
      `${file} was encoded, but the reader of the dialect ${dialect} does not give back ${variable} as it was; nothing was written`,
    hint: 'This is a fault of the encoder: report the shape of the value (which quotes, line ends and backslashes), not the value.',
    example: { file: '.env.local', dialect: 'dotenv', variable: 'TOKEN' },
  }),
  KEY_FILE_INVALID: describeError<{ file: string; secret: string; problem: string }>({
    message: ({ file, secret, problem }) => `the secret ${secret} is not what ${file} needs: ${problem}`,
    hint: 'Store the key as it is, with real line ends (not the two characters \\n) and with its last line.',
    example: {
      file: 'config/jwt/private.pem',
      secret: 'shop/production/jwt',
      problem: 'its PRIVATE KEY block does not parse',
    },
  }),
  CHILD_NOT_STARTED: describeError<{ program: string; reason: string }>({
    message: ({ program, reason }) => `cannot start ${program}: ${reason}`,
    hint: ({ reason }) =>
      reason === 'ENOENT' ? 'Give a program that is on the PATH, or its path.' : 'Check that it may be executed.',
    example: { program: 'php', reason: 'ENOENT' },
  }),
  TARGET_PATH_INVALID: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `cannot write to ${JSON.stringify(path)}: ${problem}`,
    hint: 'Give a path below `directory`: relative, `/` between its parts, without `.` and `..`.',
    example: { path: '../.env', problem: 'it leads out of the directory' },
  }),
  TARGET_REFUSED: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `will not write a secret to ${path}: ${problem}`,
    hint: 'Secrets are written to plain files in folders that only their owner changes; no link is followed below `directory`.',
    example: { path: '/srv/shop/releases/7/.env.local', problem: 'it is a symbolic link' },
  }),
  DIRECTORY_REFUSED: describeError<{ directory: string; problem: string }>({
    message: ({ directory, problem }) => `cannot inject secrets into ${directory}: ${problem}`,
    hint: 'Give a folder that exists and that not everybody can write to.',
    example: { directory: '/srv/shop/releases/7', problem: 'there is no such folder' },
  }),
  OWNER_UNKNOWN: describeError<{ option: string; given: string; expected: string }>({
    message: ({ option, given, expected }) => `the ${option} ${given} is not known on this host, expected ${expected}`,
    hint: 'Create the account before the deploy, or give its number.',
    example: { option: 'owner', given: 'www-data', expected: 'a user of this host' },
  }),
  FILE_OPERATION_FAILED: describeError<{ operation: string; path: string; reason: string }>({
    message: ({ operation, path, reason }) => `cannot ${operation} ${path}: ${reason}; every file is as it was`,
    hint: ({ reason }) =>
      reason === 'ENOSPC' || reason === 'EDQUOT'
        ? 'Free some space on that file system.'
        : reason === 'EPERM' || reason === 'EACCES'
          ? 'Run as a user who may do that; only root gives files to another owner.'
          : 'Check the file system.',
    example: { operation: 'create', path: '/srv/shop/releases/7/.env.local', reason: 'ENOSPC' },
  }),
  INJECTION_BUSY: describeError<{ directory: string; pid?: number | undefined }>({
    message: ({ directory, pid }) =>
      `another injection${pid ? ` (process ${pid})` : ''} is at work in ${directory}; nothing was written`,
    hint: 'Wait for it to end and try again.',
    retryable: true,
    example: { directory: '/srv/shop/releases/7', pid: 4711 },
  }),
  INJECTION_NOT_RECOVERED: describeError<{ directory: string; folder: string; problem: string }>({
    message: ({ directory, problem }) =>
      `${directory} is between two states, and cannot be brought to either: ${problem}`,
    hint: ({ folder }) =>
      `Set the cause right and inject again, which tries anew; or remove ${folder} and inject again.`,
    example: {
      directory: '/srv/shop/releases/7',
      folder: '/srv/shop/releases/7/.fairlead-inject-4711-0-0-0-8f',
      problem: 'cannot rename .env.local: EIO',
    },
  }),
})
