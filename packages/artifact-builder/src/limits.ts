/** 1980-01-01T00:00:00Z: the first moment that the DOS time of a zip can say (APPNOTE.TXT 4.4.6). */
export const entryTimeMs = Date.UTC(1980, 0, 1)

/** zlib's own default; archiver's is 1, which makes artifacts about an eighth larger. */
export const compressionLevel = 6

/**
 * How much of a file is read and compressed at a time. Always the same pieces, so that the compressor never sees
 * another sequence of calls for the same file.
 */
export const pieceBytes = 256 * 1024

/** How much of the zip waits to be written before the compressor pauses. */
export const outputBufferBytes = 1024 * 1024

/** How many files are read at the same time while they are inspected. */
export const filesInFlight = 8

/** From this many entries on, a zip's count needs its 64-bit record (APPNOTE.TXT 4.4.22); archiver's test is one late. */
export const zip64EntryCount = 0xffff

/** A manifest has about 200 bytes for each entry: a million entries still fit. */
export const maxManifestBytes = 256 * 1024 * 1024

/** The longest target that a link can have: Linux's PATH_MAX. */
export const maxLinkTargetBytes = 4096

/** Links that are followed before the chain counts as a cycle: Linux's MAXSYMLINKS. */
export const maxLinkHops = 40

/** What is kept of one piece for the search in the next one: longer than anything that a rule of secrets matches. */
export const secretOverlapCharacters = 8 * 1024

/** A JSON file of credentials that is larger than this is none. */
export const maxCredentialFileCharacters = 1024 * 1024

/** How many names a message lists; the context of the error has all of them. */
export const namesInMessage = 10

/** Of a worker thread's heap: what is large in it are buffers outside of it, and a small young generation stays small. */
export const laneThreadLimits = { maxYoungGenerationSizeMb: 8 }

/** Worker threads where the caller does not say: more than four wait for the disk, and each takes memory. */
export const maxDefaultWorkers = 4

/** More threads than any machine has cores; a larger number is a mistake. */
export const maxWorkers = 256

/** The largest size that eleven octal digits of a tar's header can say (POSIX pax, ustar Interchange Format). */
export const maxTarHeaderSize = 8 * 1024 ** 3 - 1

/** Where gzip says which system compressed, and what is put there whatever that was: 3, Unix (RFC 1952, 2.3.1). */
export const gzipSystem = { offset: 9, value: 3 }

/** Of a tar's extended header: two paths of PATH_MAX and a size are far below. */
export const maxTarExtensionBytes = 64 * 1024
