/** Ids in one BatchGetSecretValue. Source: API reference, `SecretIdList`, "Array Members: Minimum number of 1 item. Maximum number of 20 items". */
export const maxIdsPerBatch = 20

/** Pages of one batch that are read before the answer is taken for endless: 20 ids can fill 20 pages, and pages may be empty. */
export const maxPagesPerBatch = 100

/**
 * GetSecretValue calls under way at once. The quota of 10,000 a second (Secrets Manager quotas, "combined rate of DescribeSecret
 * and GetSecretValue") is the account's, and a fleet of hosts starts together.
 */
export const maxConcurrentGets = 5

/** After the batch was throttled, the longest wait before secrets are asked for one by one: the fleet asks at the same moment. */
export const maxFallbackPauseMs = 1_000

/** Letters of a secret's name or ARN. Source: API reference, `SecretId`, "Length Constraints: Minimum length of 1. Maximum length of 2048". */
export const maxSecretIdLength = 2048

/** Random characters that Secrets Manager adds to a secret's name in its ARN, with their hyphen ("arn:…:secret:name-AbCdEf"). */
export const arnSuffixLength = 7

/** How long our own client waits for a connection, and for an answer to one attempt: the SDK's own default is for ever. */
export const connectionTimeoutMs = 5_000
export const requestTimeoutMs = 15_000

/** Every file that holds a secret: its owner alone reads and writes it. */
export const secretFileMode = 0o600

/** The folder in which files wait for the commit: nobody else looks in, whatever the modes inside. */
export const workFolderMode = 0o700

/** Folders on the way to a file, where they are missing. */
export const newFolderMode = 0o750

/**
 * After this, a working folder of a process in another pid namespace counts as left behind: its process cannot be looked up from
 * here, and an injection takes seconds.
 */
export const unknownOwnerMaxAgeMs = 15 * 60_000
