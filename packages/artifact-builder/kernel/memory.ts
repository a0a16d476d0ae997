/**
 * Where everything lies in the kernel's memory. The compiler puts nothing there: the kernel has no objects and no strings.
 */

/** How the lines of files and links are written, and those of folders; and the names of the types, 16 bytes each. */
export const filePattern: usize = 0
export const folderPattern: usize = 256
export const typeNames: usize = 512

/** Latest position of each hash of four bytes, as i32. */
export const fourByteHeads: usize = 1024
export const fourByteHashBits: u32 = 15
/** Latest position of each hash of three bytes, as i32. */
export const threeByteHeads: usize = fourByteHeads + (4 << fourByteHashBits)
export const threeByteHashBits: u32 = 13
/** For each position of the window the one before it with the same four-byte hash, as i32. */
export const chains: usize = threeByteHeads + (4 << threeByteHashBits)
export const windowBytes: i32 = 32768

/** Literals and matches of a block, as u32. */
export const tokens: usize = chains + 4 * windowBytes
export const tokensInBlock: i32 = 16384

/** For each length of a match the number of its code, as u8; and of each code the least length and its extra bits. */
export const lengthCodes: usize = tokens + 4 * tokensInBlock
export const lengthBases: usize = lengthCodes + 512
export const lengthExtras: usize = lengthBases + 64
/** The same for distances: the first 256 one by one, those behind in steps of 128. */
export const distanceCodes: usize = lengthExtras + 32
export const distanceBases: usize = distanceCodes + 512
export const distanceExtras: usize = distanceBases + 64

/** How often each symbol stands in a block, as u32. */
export const literalCounts: usize = distanceExtras + 32
export const distanceCounts: usize = literalCounts + 4 * 288
export const codeLengthCounts: usize = distanceCounts + 4 * 32
/** Lengths of the symbols' codes as u8, and the codes with their bits in the order of the stream, as u16. */
export const literalLengths: usize = codeLengthCounts + 4 * 20
export const distanceLengths: usize = literalLengths + 288
export const codeLengthLengths: usize = distanceLengths + 32
export const literalBits: usize = codeLengthLengths + 32
export const distanceBits: usize = literalBits + 2 * 288
export const codeLengthBits: usize = distanceBits + 2 * 32
/** The codes that need no description (RFC 1951, 3.2.6). */
export const fixedLiteralLengths: usize = codeLengthBits + 2 * 32
export const fixedDistanceLengths: usize = fixedLiteralLengths + 288
export const fixedLiteralBits: usize = fixedDistanceLengths + 32
export const fixedDistanceBits: usize = fixedLiteralBits + 2 * 288

/** The lengths of a block's two codes, one behind the other as u8, and their runs as u16. */
export const describedLengths: usize = fixedDistanceBits + 2 * 32
export const runs: usize = describedLengths + 320
/** The order in which lengths of code length codes are written (RFC 1951, 3.2.7), as u8. */
export const codeLengthOrder: usize = runs + 2 * 320
/** Used symbols by frequency, and the tree above them, as u32. */
export const sortedSymbols: usize = codeLengthOrder + 32
export const tree: usize = sortedSymbols + 4 * 288
/** Of codes of each length: how many, and the next one, as u32. */
export const lengthTotals: usize = tree + 4 * 288
export const nextCodes: usize = lengthTotals + 4 * 16

/**
 * To read codes: for the next bits of a stream the symbol and its length as u16, zero where the code is longer. Then of
 * the codes of each length how many there are, as u16, and the symbols in the order of their codes, as u16.
 */
export const literalTableBits: u32 = 10
export const literalTable: usize = nextCodes + 4 * 16
export const literalsOfLength: usize = literalTable + (2 << literalTableBits)
export const literalsInOrder: usize = literalsOfLength + 2 * 16
export const distanceTableBits: u32 = 9
export const distanceTable: usize = literalsInOrder + 2 * 288
export const distancesOfLength: usize = distanceTable + (2 << distanceTableBits)
export const distancesInOrder: usize = distancesOfLength + 2 * 16

/** What is looked for in files: a byte for each hash of three bytes. */
export const triplePlaces: usize = 0x60000

/** Bytes that are looked through and lie elsewhere come here, a part at a time. */
export const passage: usize = 0x70000
export const passageBytes: usize = 0xff00

/** Where digests stand in lines, as u32; lines are not looked through. */
export const noisePlaces: usize = passage
export const mostNoise: u32 = (passageBytes / 4) as u32

/** Content, with what stands before it in its file; as much again for what it is compressed to. */
export const source: usize = 0x80000
export const sourceBytes: usize = 32768 + 4 * 1024 * 1024
/** Comparisons read in eights, beyond the last byte; what they find there decides nothing. */
export const margin: usize = 64 * 1024
export const target: usize = source + sourceBytes + margin

/** Of the entries whose lines are written; what is compressed afterwards lies there too. */
export const columns: usize = target
