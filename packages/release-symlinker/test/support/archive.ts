import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { manifestPath, type Manifest, type ManifestEntry } from '@fairlead/core'

/** A file's text, an executable, a symbolic link or an empty folder. */
export type ArchiveFile =
  string | { readonly text: string; readonly mode: string } | { readonly link: string } | 'folder'

export interface TestArchive {
  readonly from: string
  readonly commit: string
  readonly manifest: Manifest
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A commit that can be told from others by one letter. */
export function commitOf(letter: string): string {
  return sha256(letter).slice(0, 40)
}

/** An unpacked artifact: a folder with its files and the manifest of them. Folders are not listed, like those that hold files. */
export function unpackArchive(
  from: string,
  files: Readonly<Record<string, ArchiveFile>>,
  commit = commitOf('a'),
): TestArchive {
  const entries = Object.entries(files).map(([path, file]): ManifestEntry => {
    const place = join(from, path)
    mkdirSync(dirname(place), { recursive: true })
    if (file === 'folder') {
      mkdirSync(place, { recursive: true })
      return { path, type: 'directory', mode: '0755', sizeBytes: 0 }
    }
    if (typeof file === 'object' && 'link' in file) {
      symlinkSync(file.link, place)
      return { path, type: 'symlink', mode: '0777', sizeBytes: Buffer.byteLength(file.link), sha256: sha256(file.link) }
    }
    const { text, mode } = typeof file === 'string' ? { text: file, mode: '0644' } : file
    writeFileSync(place, text)
    chmodSync(place, Number.parseInt(mode, 8))
    return { path, type: 'file', mode, sizeBytes: Buffer.byteLength(text), sha256: sha256(text) }
  })
  entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  const manifest: Manifest = {
    schema: 'fairlead/manifest/1',
    application: 'shop',
    commit,
    contentDigest: sha256(JSON.stringify(entries)),
    entries,
    allowances: [],
  }
  mkdirSync(dirname(join(from, manifestPath)), { recursive: true })
  writeFileSync(join(from, manifestPath), JSON.stringify(manifest))
  return { from, commit, manifest }
}
