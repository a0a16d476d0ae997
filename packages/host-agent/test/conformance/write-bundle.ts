import { crc32, gzipSync } from 'node:zlib'
import { Header } from 'tar'

/** One entry of a bundle that a test makes. */
export interface BundleEntry {
  readonly path: string
  /** Default 0644, folders 0755. */
  readonly mode?: number
  readonly content?: string | Uint8Array
  readonly symlink?: string
  readonly dir?: boolean
  readonly uid?: number
  readonly gid?: number
}

/** How a zip is made. */
export interface ZipStyle {
  /** As a tool of DOS makes it, without modes. */
  readonly noUnixModes?: boolean | undefined
}

export type BundleFormat = 'zip' | 'tar' | 'tgz'

/** The bytes of an archive with exactly these entries, in this order. */
export function writeBundle(entries: readonly BundleEntry[], format: BundleFormat, style: ZipStyle = {}): Buffer {
  if (format === 'zip') return writeZip(entries, style)
  const tar = writeTar(entries)
  return format === 'tgz' ? gzipSync(tar) : tar
}

function contentOf({ content = '', symlink }: BundleEntry): Buffer {
  return Buffer.from(symlink ?? content)
}

function writeTar(entries: readonly BundleEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const isFile = entry.symlink === undefined && !entry.dir
    const content = isFile ? contentOf(entry) : Buffer.alloc(0)
    const header = new Header({
      path: entry.dir ? `${entry.path}/` : entry.path,
      mode: entry.mode ?? (entry.dir ? 0o755 : 0o644),
      size: content.length,
      mtime: new Date('2026-01-02T03:04:06Z'),
      type: entry.dir ? 'Directory' : isFile ? 'File' : 'SymbolicLink',
      ...(entry.symlink === undefined ? {} : { linkpath: entry.symlink }),
      uid: entry.uid ?? process.getuid?.() ?? 0,
      gid: entry.gid ?? process.getgid?.() ?? 0,
    })
    const block = Buffer.alloc(512)
    header.encode(block, 0)
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function writeZip(entries: readonly BundleEntry[], { noUnixModes }: ZipStyle): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.dir ? `${entry.path}/` : entry.path)
    const content = contentOf(entry)
    const type = entry.dir ? 0o040000 : entry.symlink === undefined ? 0o100000 : 0o120000
    const mode = type | (entry.mode ?? (entry.dir ? 0o755 : 0o644))
    // Fields that both headers share: version needed to extract to the length of the extra field.
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2)
    common.writeUInt16LE(((2026 - 1980) << 9) | (1 << 5) | 2, 8)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(content.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, content])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(noUnixModes ? (entry.dir ? 0x10 : 0) : mode * 0x10000, 6)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, noUnixModes ? 0 : 3]), common, tail, name]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
