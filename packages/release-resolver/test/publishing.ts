import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArtifactStore, Publication } from '@fairlead/core'
import { publishArtifact } from '@fairlead/s3-publisher'
import { temporaryFolder } from '@fairlead/test-support'

/** Publishes bytes for a commit, as the pipeline of a merge does. */
export async function publish(
  store: ArtifactStore,
  commit: string,
  bytes: string | Uint8Array = `the zip of ${commit}`,
): Promise<Publication> {
  const path = join(temporaryFolder(), 'shop.zip')
  writeFileSync(path, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const sizeBytes = Buffer.byteLength(bytes)
  return publishArtifact({ path, application: 'shop', commit, sha256, contentDigest: sha256, sizeBytes }, { store })
}
