import { nonEmptyText, object, oneOf, optional, taggedBy, type Reader } from '../read.ts'

/** An object in S3, pinned: `versionId` where the bucket has versions, `eTag` without its quotes. */
export interface S3Location {
  readonly kind: 's3'
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly eTag?: string
}

/** A file in a folder store. */
export interface FolderLocation {
  readonly kind: 'folder'
  /** Absolute path. */
  readonly path: string
}

/** Where bytes lie, as exactly as the store can say it. */
export type ObjectLocation = S3Location | FolderLocation

const s3LocationShape: Reader<S3Location> = object({
  kind: oneOf('s3'),
  bucket: nonEmptyText,
  key: nonEmptyText,
  versionId: optional(nonEmptyText),
  eTag: optional(nonEmptyText),
}) as Reader<S3Location>

const folderLocationShape: Reader<FolderLocation> = object({ kind: oneOf('folder'), path: nonEmptyText })

export const objectLocationShape: Reader<ObjectLocation> = taggedBy<ObjectLocation>('kind', {
  s3: s3LocationShape,
  folder: folderLocationShape,
})
