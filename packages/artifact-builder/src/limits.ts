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

/** Content up to this size is unpacked whole in a lane; what is larger is streamed, so that memory does not grow with it. */
export const laneEntryBytes = 4 * 1024 * 1024

/** How much of a zip a lane reads at a time, and how many entries: small, so that the lanes end together. */
export const laneBatchBytes = 256 * 1024
export const laneBatchEntries = 128

/** How much of a file is read at a time where it is streamed or digested. */
export const streamPieceBytes = 1024 * 1024
