import { crc32 } from 'node:zlib'

/** A zip of a few small files, stored, for CodeDeploy: an appspec and the hooks that it names. */
export function bundleOf(hooks: Readonly<Record<string, string>> = {}): Buffer {
  const names = Object.keys(hooks)
  const events = names.map((event) => `  ${event}:\n    - location: hooks/${event}.sh\n`)
  const files: Record<string, string> = {
    'appspec.yml': `version: 0.0\nos: linux\n${names.length > 0 ? `hooks:\n${events.join('')}` : ''}`,
  }
  for (const event of names) files[`hooks/${event}.sh`] = `#!/bin/sh\n${hooks[event]}\n`
  return zipOf(files)
}

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16 */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)]
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.byteLength, 14)
    common.writeUInt32LE(data.byteLength, 18)
    common.writeUInt16LE(path.byteLength, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, data])
    const tail = Buffer.alloc(14)
    // A regular file that its owner may run.
    tail.writeUInt32LE(0o100755 * 0x10000, 6)
    tail.writeUInt32LE(offset, 10)
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, tail, path]))
    locals.push(local)
    offset += local.byteLength
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(centrals.length, 4)
  end.writeUInt16LE(centrals.length, 6)
  end.writeUInt32LE(directory.byteLength, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end])
}
