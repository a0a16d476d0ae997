import { crc32 } from 'node:zlib'

/** A file's text, or an executable's. */
export type ZipFile = string | { readonly text: string; readonly mode: number }

const dosDate = 0x21 // 1 January 1980

/** A zip of stored entries with Unix modes. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export function zip(files: Readonly<Record<string, ZipFile>>): Uint8Array {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  for (const [path, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file
    const [name, data] = [Buffer.from(path), Buffer.from(text)]
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(dosDate, 8)
    facts.writeUInt32LE(crc32(data), 10)
    facts.writeUInt32LE(data.length, 14)
    facts.writeUInt32LE(data.length, 18)
    facts.writeUInt16LE(name.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(((0o100000 | mode) << 16) >>> 0, 6)
    place.writeUInt32LE(
      locals.reduce((size, part) => size + part.length, 0),
      10,
    )
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), facts, name, data)
    central.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), facts, place, name)
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(Object.keys(files).length, 8)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(
    locals.reduce((size, part) => size + part.length, 0),
    16,
  )
  return Buffer.concat([...locals, directory, end])
}
