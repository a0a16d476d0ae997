// yazl packs the working directory, git's own folder left out: node yazl.mjs <output>
import { createWriteStream, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'

const zip = new ZipFile()
for (const name of readdirSync('.', { recursive: true, encoding: 'utf8' }).sort()) {
  if (name === '.git' || name.startsWith(join('.git', '/'))) continue
  const stat = lstatSync(name)
  const { mode, mtime } = stat
  if (stat.isDirectory()) zip.addEmptyDirectory(name, { mode, mtime })
  else if (stat.isSymbolicLink()) zip.addBuffer(Buffer.from(readlinkSync(name)), name, { mode, mtime })
  else zip.addFile(name, name, { mode, mtime, compressionLevel: 6 })
}
zip.end()
await pipeline(zip.outputStream, createWriteStream(process.argv[2] ?? ''))
