import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestPath, type Manifest, type ManifestEntry } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { digestContent } from '../../src/index.ts'
import { compareBytes } from '../../src/plan/byte-order.ts'
import { fileMode, rawZip, type RawEntry, type RawZipOptions } from './raw-zip.ts'

export const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

export function manifestOf(list: readonly ManifestEntry[], others: Partial<Manifest> = {}): Manifest {
  return {
    schema: 'fairlead/manifest/1',
    application: 'shop',
    commit: 'c'.repeat(40),
    contentDigest: digestContent(list),
    entries: list,
    allowances: [],
    ...others,
  }
}

export function manifestMember(manifest: unknown): RawEntry {
  return { name: manifestPath, data: JSON.stringify(manifest) }
}

/** What an honest manifest says of an entry. */
export function entryOf({ name, data = '', mode = fileMode }: RawEntry): ManifestEntry {
  const path = Buffer.from(name).toString()
  const bits = (mode & 0o7777).toString(8).padStart(4, '0')
  if (path.endsWith('/')) return { path: path.slice(0, -1), type: 'directory', mode: bits, sizeBytes: 0 }
  const type = (mode & 0o170000) === 0o120000 ? 'symlink' : 'file'
  return { path, type, mode: bits, sizeBytes: Buffer.from(data).length, sha256: sha256(data) }
}

/** An artifact of these entries, whose manifest says what they are, whatever is wrong with how they are written. */
export function rawArtifact(members: readonly RawEntry[], options?: RawZipOptions): Buffer {
  const list = members.map(entryOf).sort((a, b) => compareBytes(a.path, b.path))
  return rawZip([...members, manifestMember(manifestOf(list))], options)
}

/** Bytes as a zip in a folder of its own. */
export function writeZip(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'shop.zip')
  writeFileSync(path, bytes)
  return path
}
