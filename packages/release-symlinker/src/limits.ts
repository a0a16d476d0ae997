/** Numbers that were chosen, each with its reason. */

/**
 * Files worked on at once. Small ones are read and written in one go each, so that this counts for big ones, which take
 * turns chunk by chunk, and for calls that run on the four threads of libuv (UV_THREADPOOL_SIZE).
 */
export const copyConcurrency = 8

/** Longer than the copy of a file of usual size, shorter than what a person or a health check notices. */
export const blockForMs = 10

/**
 * Up to so many entries each one gets its own fsync; more of them share one `sync -f`. Measured on ext4: 5,707 fsyncs
 * took 2.74 s, so 0.5 ms each; one `sync -f` 0.14 s at best, and it waits for whatever else the file system has to write.
 */
export const fsyncEachUpTo = 256

/** Nearly every file of an application fits, so that one read and one write copy it. */
export const copyChunkBytes = 1024 * 1024

/** From so many files on, half of reading them takes longer than the start of a second thread (35 ms, of Node 20). */
export const threadForFiles = 1000

/** Files that one thread takes at once: few enough that both end at nearly the same time, enough that messages cost nothing. */
export const examinedAtOnce = 64

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

/** A web server that was asked to end finishes its requests first; one on trial has none that matter. */
export const stopAfterMs = 5_000
