import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestPath, type ArtifactFormat, type Manifest, type ManifestEntry } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { compareBytes } from '../../src/plan/byte-order.ts'
import { digestContent } from '../../src/plan/content-digest.ts'
import { writeWithArchiver, type ArchiveMember } from '../../src/ports/archiver-writer.ts'

/** What is in an archive, by path: a file's text or bytes, a link, an empty folder. */
export type PackedFiles = Readonly<
  Record<string, string | Uint8Array | { readonly link: string } | { readonly script: string } | 'folder/'>
>

export const someCommit = '4f3c0a9e5b7d1c2e8f6a4b3d2c1e0f9a8b7c6d5e'

/** The members of an archive of these files, in the order of their paths. */
export function membersOf(files: PackedFiles): readonly (ArchiveMember & { readonly content: Buffer })[] {
  return Object.entries(files)
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([path, what]) => {
      const member = (type: ArchiveMember['type'], mode: number, content: string | Uint8Array) => {
        const bytes = Buffer.from(content)
        return { path, type, mode, sizeBytes: bytes.length, content: bytes }
      }
      if (what === 'folder/') return member('directory', 0o755, '')
      if (typeof what === 'string' || what instanceof Uint8Array) return member('file', 0o644, what)
      return 'link' in what ? member('symlink', 0o777, what.link) : member('file', 0o755, what.script)
    })
}

/** The manifest of an artifact of these members. */
export function manifestOf(
  members: readonly (ArchiveMember & { readonly content: Buffer })[],
  commit: string = someCommit,
): Manifest {
  const entries = members.map(({ path, type, mode, sizeBytes, content }): ManifestEntry => {
    const facts = { path, type, mode: mode.toString(8).padStart(4, '0'), sizeBytes }
    return type === 'directory' ? facts : { ...facts, sha256: createHash('sha256').update(content).digest('hex') }
  })
  return {
    schema: 'fairlead/manifest/1',
    application: 'shop',
    commit,
    contentDigest: digestContent(entries),
    entries,
    allowances: [],
  }
}

/** Those members and their manifest, which is the last entry. */
export function withManifest(
  members: readonly (ArchiveMember & { readonly content: Buffer })[],
  commit: string = someCommit,
): readonly (ArchiveMember & { readonly content: Buffer })[] {
  const content = Buffer.from(`${JSON.stringify(manifestOf(members, commit), undefined, 2)}\n`)
  return [...members, { path: manifestPath, type: 'file', mode: 0o644, sizeBytes: content.length, content }]
}

/** Writes members with archiver to a file of its own, and answers its path. */
export async function write(
  members: readonly ArchiveMember[],
  options: { readonly format: ArtifactFormat; readonly memberCount?: number; readonly signal?: AbortSignal },
): Promise<string> {
  const path = join(temporaryFolder(), `shop.${options.format}`)
  const file = await open(path, 'wx')
  try {
    const given = async function* () {
      yield* members
    }
    await writeWithArchiver(file, given(), { memberCount: members.length, ...options })
  } finally {
    await file.close()
  }
  return path
}

/** An artifact of these files. */
export function pack(files: PackedFiles, format: ArtifactFormat, commit: string = someCommit): Promise<string> {
  return write(withManifest(membersOf(files), commit), { format })
}
