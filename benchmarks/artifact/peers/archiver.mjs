// archiver packs the working directory, git's own folder left out: node archiver.mjs <output>
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'

const archive = new ZipArchive({ zlib: { level: 6 } })
archive.on('warning', (error) => archive.destroy(error))
archive.directory('.', false, (entry) => (entry.name.startsWith('.git/') ? false : entry))
await Promise.all([pipeline(archive, createWriteStream(process.argv[2] ?? '')), archive.finalize()])
