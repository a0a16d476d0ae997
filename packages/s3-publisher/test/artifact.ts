import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArtifactFormat } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import type { PublishableArtifact } from '../src/index.ts'
import { sha256Of } from './store-conformance.ts'

export const commit = '4f3c0a9e5b7d1c2e8f6a4b3d2c1e0f9a8b7c6d5e'

/** A file with these bytes, and what a builder would say of it. */
export function artifactOf(
  bytes: string | Uint8Array,
  facts: Partial<PublishableArtifact> & { readonly format?: ArtifactFormat } = {},
): PublishableArtifact & { readonly format: ArtifactFormat } {
  const path = join(temporaryFolder(), 'shop.zip')
  writeFileSync(path, bytes)
  const digest = sha256Of(bytes)
  return {
    path,
    format: 'zip',
    application: 'shop',
    commit,
    sha256: digest,
    contentDigest: sha256Of(`tree of ${digest}`),
    sizeBytes: Buffer.byteLength(bytes),
    ...facts,
  }
}
