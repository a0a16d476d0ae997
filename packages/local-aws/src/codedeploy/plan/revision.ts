/** What is deployed: a bundle in S3 or a commit on GitHub. */
import type { Revision } from '../model.ts'

/** Whether two callers named the same thing: pins are a part of the name. */
export function isSame(a: Revision, b: Revision): boolean {
  if (a.type === 'GitHub') return b.type === 'GitHub' && a.repository === b.repository && a.commitId === b.commitId
  return (
    b.type === 'S3' &&
    a.bucket === b.bucket &&
    a.key === b.key &&
    a.bundleType === b.bundleType &&
    a.version === b.version &&
    a.eTag === b.eTag
  )
}

/** For a person. */
export function describeRevision(revision: Revision): string {
  return revision.type === 'S3'
    ? `s3://${revision.bucket}/${revision.key}`
    : `github.com/${revision.repository} at ${revision.commitId}`
}
