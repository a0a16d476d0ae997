/** The biggest object of a single PutObject. https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
export const maxObjectBytes = 5 * 1024 ** 3

/** The longest key, in bytes of UTF-8. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const maxKeyBytes = 1024

/** How often one put is sent: the same number as the SDK's own default (`maxAttempts`, 3) and one more for a 409. */
export const maxPutAttempts = 4

/** Before the second attempt; doubled for each one after it, and then a random share of it is taken (full jitter). */
export const retryDelayMs = 200

/** Read from a file at a time: beyond this the throughput of SHA-256 and of a socket no longer grows. */
export const readChunkBytes = 1024 * 1024

/** A connection that nothing passes through for this long is given up: an upload never waits for ever. */
export const idleSocketTimeoutMs = 60_000

/** Until a connection stands. */
export const connectionTimeoutMs = 10_000

/** A temporary file that no writer touched for this long is a crashed writer's; a living one writes all the time. */
export const abandonedAfterMs = 60 * 60 * 1000

/** Progress of an upload is told this often at most, so that a log stays readable. */
export const progressSteps = 10
