/** 1980-01-01T00:00:00Z: the first moment that the DOS time of a zip can say (APPNOTE.TXT 4.4.6). */
export const entryTimeMs = Date.UTC(1980, 0, 1)

/** Progress is told no more often than this, and at the end. */
export const progressIntervalMs = 100

/** Of zlib, for what archiver writes: 1 to 9. Its own default is 6, which takes a third more time for 1.2 % fewer bytes. */
export const compressionLevel = 5

/**
 * How many earlier places our own compressor tries for a match. Measured over 59,000 files of npm packages (502 MB): with
 * 17 an artifact has 124.41 MB, with 16 it has 124.50, with 18 124.30 in three hundredths more time; `zip -6` writes 124.47.
 */
export const triesForMatch = 17

/**
 * A file larger than this is compressed in pieces of this size, so that several threads work on it and none holds more.
 * Part of the format: another size gives other bytes.
 */
export const pieceBytes = 4 * 1024 * 1024

/** Of the manifest: it is digests for the most part, of which more effort makes nothing smaller. */
export const triesInManifest = 2

/** The manifest's pieces: small, because all threads wait for it at the end. Part of the format too. */
export const manifestPieceBytes = 512 * 1024

/** Of a zip's directory, at a time: all threads wait for it too. */
export const directoryPieceBytes = 512 * 1024

/** How far back deflate may refer (RFC 1951): what a piece sees of the one before. */
export const dictionaryBytes = 32 * 1024

/** Folders that a thread is given to list at a time, at most. */
export const foldersAtOnce = 64

/** Paths that a thread lists before it shares what is left: enough that asking costs nothing, so few that all end together. */
export const rowsBeforeSharing = 1024

/** Entries and bytes that a thread takes at a time: enough that taking costs nothing, little enough that all end together. */
export const batchLimits = { pieceBytes, entriesInBatch: 128, bytesInBatch: 512 * 1024 }

/** How long the caller's own thread works before others get their turn: a turn costs as much as to list a small folder. */
export const turnMs = 4

/** How much of a large file is digested and looked through at a time. */
export const scannedBytes = 1024 * 1024

/** How much of an artifact is digested at a time, on the caller's thread: less than a millisecond of it. */
export const digestedBytes = 1024 * 1024

/** Large files of a cache that are inflated at a time, and how much of each: Node's own threads do it. */
export const provedAtOnce = 4
export const provedBytes = 512 * 1024

/** From so many new bytes on, a part of an artifact goes to disk before all of it is written. */
export const syncedBytes = 16 * 1024 * 1024

/** A temporary file of the cache that is older than this belongs to no build that still runs. */
export const cacheLeftoverMs = 60 * 60 * 1000

/** Characters of a key that signs a cache: 128 random bits have 32 hexadecimal digits. */
export const leastKeyLength = 32

/** An index has some 150 bytes for each entry, and its name: more than this is none. */
export const maxIndexBytes = 1024 ** 3

/** How much a cache folder holds where the caller does not say: some artifacts of the size of a large application. */
export const defaultCacheBytes = 2 * 1024 ** 3

/** Finished bytes that a thread holds while the place of an earlier batch is not known. */
export const heldBytesOfLane = 2 * 1024 * 1024

/** What the headers of a batch take: the longest path has 4 KiB, and hardly any a hundred bytes. */
const headersOfBatchBytes = 256 * 1024

/** Memory of a thread for batches: for those that it holds, and for the one that it makes, wherever those lie. */
export const batchMemoryBytes = heldBytesOfLane + 2 * (pieceBytes + headersOfBatchBytes)

/** archiver is fed pieces of this size, so that its compressor never sees another sequence of calls for the same file. */
export const archivePieceBytes = 256 * 1024

/** How much of an archive waits to be written before archiver's compressor pauses. */
export const outputBufferBytes = 1024 * 1024

/** From this many entries on, a zip's count needs its 64-bit record (APPNOTE.TXT 4.4.22); archiver's test is one late. */
export const zip64EntryCount = 0xffff

/** A manifest has about 200 bytes for each entry: a million entries still fit. */
export const maxManifestBytes = 256 * 1024 * 1024

/** The longest target that a link can have: Linux's PATH_MAX. */
export const maxLinkTargetBytes = 4096

/** Links that are followed before the chain counts as a cycle: Linux's MAXSYMLINKS. */
export const maxLinkHops = 40

/** Of a file of credentials by its name, so much is looked at as a whole; of the rest, what the rules for all files find. */
export const maxCredentialFileBytes = 8 * 1024 * 1024

/** How many findings of one JSON file of credentials are looked up: a hundred places say enough. */
export const maxFindingsPerCredentialFile = 100

/** How many names a message lists; the context of the error has all of them. */
export const namesInMessage = 10

/** Of a worker thread's heap: what is large in it are buffers outside of it, and a small young generation stays small. */
export const laneThreadLimits = { maxYoungGenerationSizeMb: 2 }

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
/** Content up to this size is unpacked whole in a lane; what is larger is streamed, so that memory does not grow with it. */
export const laneEntryBytes = 4 * 1024 * 1024

/** How much of a zip a lane reads at a time, and how many entries: small, so that the lanes end together. */
export const laneBatchBytes = 256 * 1024
export const laneBatchEntries = 128

/** How much of a file is read at a time where it is streamed or digested. */
export const streamPieceBytes = 1024 * 1024
