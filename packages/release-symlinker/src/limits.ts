/** Numbers that were chosen, each with its reason. */

/**
 * Files copied at once. libuv runs file calls on four threads (UV_THREADPOOL_SIZE); twice as many keep all of them busy
 * while JavaScript hashes.
 */
export const copyConcurrency = 8

/**
 * Up to so many entries each one gets its own fsync; more of them share one `sync -f`. Measured on ext4: 5,707 fsyncs
 * took 2.74 s, so 0.5 ms each; one `sync -f` 0.14 s at best, and it waits for whatever else the file system has to write.
 */
export const fsyncEachUpTo = 256

/** Small enough to be read at once and hashed without a stream. */
export const readWholeUpToBytes = 1024 * 1024

/**
 * `<14 digits>-<12 digits>-<id>` plus what is put around it while it is staged or deleted has to stay below the 255
 * bytes that ext4, XFS and APFS give a name.
 */
export const maxIdLength = 128

/** Differences that an error lists by name; it counts the rest. */
export const maxListedDifferences = 20

/**
 * How long a release that never went live may still belong to a deployment: CodeDeploy ends an in-place one after 12 hours.
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
 */
export const inProgressMs = 12 * 60 * 60 * 1000

/** A deploy with a slow reload and all attempts of the default probe fits several times over. */
export const defaultLockTimeoutMs = 5 * 60 * 1000

/** A waiting deploy starts soon after the lock is free, and a host with one core does not notice the asking. */
export const lockPollIntervalMs = 100

/** Defaults of the probe: a PHP-FPM or Node worker is reloaded within a few seconds. */
export const defaultProbe = { timeoutMs: 5_000, attempts: 10, intervalMs: 500 }

/** What a probe reads of an answer: a health page is small, and a page that never ends must not fill the memory. */
export const maxProbeBodyBytes = 1024 * 1024

/** An abbreviated commit proves the release from this length on: the length that its name has in `releases/`. */
export const commitPrefixLength = 12
