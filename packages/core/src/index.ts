export { ambientOptionNames, type AmbientOptions } from './ambient.ts'
export { describeAwsFailure, type AwsCall } from './aws-failure.ts'
export { systemClock, timestamp, type Clock } from './clock.ts'
export { coreErrors } from './core-errors.ts'
export {
  DeployError,
  defineErrors,
  describeError,
  isDeployError,
  type ErrorDescription,
  type ErrorEntry,
} from './errors.ts'
export { formatEvent, type DeployEvent } from './events.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { checkOptions, describeValue, nearestName } from './options.ts'
export {
  commitId,
  count,
  flag,
  isCommitId,
  isoTime,
  list,
  nonEmptyText,
  object,
  oneOf,
  optional,
  recordReader,
  sha256Text,
  taggedBy,
  text,
  type Place,
  type Read,
  type Reader,
  type RecordReader,
  withDefault,
} from './read.ts'
export { parseArtifact, type Artifact } from './records/artifact.ts'
export { parseDeployment, type Deployment } from './records/deployment.ts'
export { parseStagedRelease, type StagedRelease } from './records/installed-release.ts'
export { artifactFormat, type ArtifactFormat } from './records/format.ts'
export {
  ledgerEntryKey,
  ledgerHeadKey,
  parseLedgerEntry,
  parseLedgerHead,
  type LedgerEntry,
  type LedgerHead,
} from './records/ledger.ts'
export type { FolderLocation, ObjectLocation, S3Location } from './records/location.ts'
export { manifestPath, parseManifest, type Manifest, type ManifestEntry } from './records/manifest.ts'
export {
  artifactKey,
  commitRecordKey,
  parseCommitRecord,
  parsePublication,
  publicationOf,
  type CommitRecord,
  type Publication,
} from './records/publication.ts'
export { parseRelease, type Release } from './records/release.ts'
export { formatTarget, parseTarget, type Target } from './records/target.ts'
export {
  readStoredText,
  textBody,
  type ArtifactStore,
  type StoreBody,
  type StoreCallOptions,
  type StoredObject,
  type StoreHead,
} from './store.ts'
