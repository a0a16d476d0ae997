/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and RequestTimeTooSkewed: 15 minutes. */
export const clockSkewLimitMs = 15 * 60 * 1000
/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html: X-Amz-Expires is at most seven days. */
export const presignLimitSeconds = 7 * 24 * 60 * 60
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingObjects.html: one PUT, or one part, is at most 5 GB. */
export const putLimitBytes = 5 * 1024 ** 3
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html: every part but the last is at least 5 MiB. */
export const partFloorBytes = 5 * 1024 ** 2
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const partNumberLimit = 10_000
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: of the key in UTF-8. */
export const keyLimitBytes = 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: names and values of user metadata together. */
export const metadataLimitBytes = 2048
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html: 20 KB. */
export const policyLimitBytes = 20 * 1024
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listLimit = 1000
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteLimit = 1000
/** Ours: the XML of a request; 10,000 parts with checksums are less than 3 MB. */
export const xmlLimitBytes = 4 * 1024 ** 2
/** Ours: the JSON or form of a request; a secret is at most 64 KiB. */
export const jsonLimitBytes = 1024 ** 2
/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
export const secretLimitBytes = 65_536
/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html */
export const batchLimit = 20
/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html */
export const listSecretsLimit = 100
/** How long S3 waits for the next bytes of a body before it answers RequestTimeout; seen at AWS, not in its documents. */
export const bodyIdleMs = 20_000
