export { errors as s3PublisherErrors } from './errors.ts'
export { folderStore } from './folder-store.ts'
export type {
  FolderStoreOptions,
  PublicationEvent,
  PublishableArtifact,
  PublishArtifactOptions,
  S3Store,
  S3StoreOptions,
  WhenDifferent,
} from './model.ts'
export { planPublication, type PublicationPlan, type PublicationQuestion } from './plan/publication.ts'
export type { S3ClientLike } from './ports/s3.ts'
export { publishArtifact } from './publish-artifact.ts'
export { s3Store } from './s3-store.ts'
