import { defineErrors, describeError } from '@fairlead/core'

/** What can fail when bytes are put into a store and when an artifact is published. */
export const errors = defineErrors('s3-publisher', {
  ARTIFACT_MISSING: describeError<{ path: string }>({
    message: ({ path }) => `cannot publish ${path}: there is no such file`,
    hint: 'Build the artifact in this job, or hand the file over together with its record.',
    example: { path: '/build/shop.zip' },
  }),
  ARTIFACT_EMPTY: describeError<{ path: string }>({
    message: ({ path }) => `cannot publish ${path}: it has no bytes`,
    hint: 'Build the artifact again.',
    example: { path: '/build/shop.zip' },
  }),
  ARTIFACT_CHANGED: describeError<{
    path: string
    expectedSha256: string
    expectedSizeBytes: number
    sha256: string
    sizeBytes: number
  }>({
    message: ({ path, expectedSha256, expectedSizeBytes, sha256, sizeBytes }) =>
      `cannot publish ${path}: its bytes changed after it was built: ${sizeBytes} bytes with sha256 ${sha256}, expected ${expectedSizeBytes} bytes with sha256 ${expectedSha256}`,
    hint: 'Build the artifact again, and let nothing write to it afterwards.',
    example: {
      path: '/build/shop.zip',
      expectedSha256: 'a'.repeat(64),
      expectedSizeBytes: 1000,
      sha256: 'b'.repeat(64),
      sizeBytes: 1001,
    },
  }),
  ARTIFACT_CONFLICT: describeError<{
    store: string
    application: string
    commit: string
    sha256: string
    publishedSha256: string
    sameTree: boolean
  }>({
    message: ({ store, commit, sha256, publishedSha256 }) =>
      `commit ${commit} was published to ${store} with other bytes: the artifact has sha256 ${sha256}, the publication has ${publishedSha256}`,
    hint: ({ sameTree }) =>
      sameTree
        ? "The tree is the same (equal contentDigest) and only its packing differs: whenDifferent: 'use-existing' deploys the published bytes, safely."
        : "The trees differ: one commit was built twice with different results. Find out what the build takes from outside the commit; whenDifferent: 'use-existing' deploys the bytes that were published first.",
    example: {
      store: 's3://artifacts/shop',
      application: 'shop',
      commit: '4'.repeat(40),
      sha256: 'a'.repeat(64),
      publishedSha256: 'b'.repeat(64),
      sameTree: true,
    },
  }),
  APPLICATION_CONFLICT: describeError<{
    store: string
    commit: string
    application: string
    publishedApplication: string
  }>({
    message: ({ store, commit, application, publishedApplication }) =>
      `commit ${commit} was published to ${store} as the application ${JSON.stringify(publishedApplication)}, not ${JSON.stringify(application)}`,
    hint: 'Give each application a prefix of its own, for example s3Store({ bucket, prefix: application }).',
    example: {
      store: 's3://artifacts',
      commit: '4'.repeat(40),
      application: 'shop',
      publishedApplication: 'blog',
    },
  }),
  PUBLISHED_BYTES_MISSING: describeError<{ store: string; commit: string; key: string; location: string }>({
    message: ({ store, commit, key, location }) =>
      `commit ${commit} was published to ${store}, but the bytes that its record pins are gone: ${key} (${location})`,
    hint: 'Restore that version of the object. What deletes artifacts (a lifecycle rule, a cleanup) must spare those that a commit record names.',
    example: {
      store: 's3://artifacts/shop',
      commit: '4'.repeat(40),
      key: `artifacts/${'a'.repeat(64)}.zip`,
      location: 's3://artifacts/shop/artifacts/aaaa.zip?versionId=3HL4',
    },
  }),
  PUBLISHED_BYTES_DIFFER: describeError<{
    store: string
    key: string
    expectedSha256: string
    expectedSizeBytes: number
    sha256?: string | undefined
    sizeBytes: number
  }>({
    message: ({ store, key, expectedSha256, expectedSizeBytes, sha256, sizeBytes }) =>
      `${key} in ${store} does not hold the bytes that its name says: ${sizeBytes} bytes with sha256 ${sha256 ?? 'unknown'}, expected ${expectedSizeBytes} bytes with sha256 ${expectedSha256}`,
    hint: 'Somebody wrote past the library, or the storage is damaged. Find out who can write there; remove the object and publish again.',
    example: {
      store: 's3://artifacts/shop',
      key: `artifacts/${'a'.repeat(64)}.zip`,
      expectedSha256: 'a'.repeat(64),
      expectedSizeBytes: 1000,
      sha256: 'b'.repeat(64),
      sizeBytes: 1000,
    },
  }),
  STORE_KEY_INVALID: describeError<{ store: string; key: string; reason: string }>({
    message: ({ store, key, reason }) =>
      `${JSON.stringify(key)} is no key of ${store}: ${reason}, expected a relative path with / between its parts`,
    hint: 'Make keys with artifactKey, commitRecordKey and their like.',
    example: { store: 'file:///srv/artifacts', key: '../shop.zip', reason: 'it has the part ".."' },
  }),
  STORE_LOCATION_MISMATCH: describeError<{ store: string; key: string; location: string }>({
    message: ({ store, key, location }) => `${location} is not ${key} of ${store}`,
    hint: 'Use the store that the publication was made with.',
    example: { store: 's3://artifacts/shop', key: 'artifacts/aaaa.zip', location: 's3://other/artifacts/aaaa.zip' },
  }),
  STORE_BODY_EMPTY: describeError<{ store: string; key: string }>({
    message: ({ store, key }) => `cannot put ${key} into ${store}: it has no bytes`,
    hint: 'Give the object at least one byte.',
    example: { store: 's3://artifacts/shop', key: 'artifacts/aaaa.zip' },
  }),
  STORE_BODY_TOO_BIG: describeError<{ store: string; key: string; sizeBytes: number; limitBytes: number }>({
    message: ({ store, key, sizeBytes, limitBytes }) =>
      `cannot put ${key} into ${store}: it has ${sizeBytes} bytes, expected at most ${limitBytes}`,
    hint: 'Leave out of the artifact what does not belong to the release.',
    example: {
      store: 's3://artifacts/shop',
      key: 'artifacts/aaaa.zip',
      sizeBytes: 6442450944,
      limitBytes: 5368709120,
    },
  }),
  STORE_BODY_DIFFERS: describeError<{
    store: string
    key: string
    expectedSha256: string
    expectedSizeBytes: number
    sha256: string
    sizeBytes: number
  }>({
    message: ({ store, key, expectedSha256, expectedSizeBytes, sha256, sizeBytes }) =>
      `did not put ${key} into ${store}: its source gave ${sizeBytes} bytes with sha256 ${sha256}, expected ${expectedSizeBytes} bytes with sha256 ${expectedSha256}`,
    hint: 'The source changed while it was sent. Let nothing write to it, and try again.',
    example: {
      store: 's3://artifacts/shop',
      key: 'artifacts/aaaa.zip',
      expectedSha256: 'a'.repeat(64),
      expectedSizeBytes: 1000,
      sha256: 'b'.repeat(64),
      sizeBytes: 1001,
    },
  }),
  STORED_OBJECT_CHANGED: describeError<{ store: string; key: string; location: string }>({
    message: ({ store, key, location }) =>
      `${key} in ${store} is no longer the object that was pinned: expected ${location}`,
    hint: 'Somebody replaced the object. Turn on versions for the bucket, and deny writing and deleting to everybody but the publisher.',
    example: {
      store: 's3://artifacts/shop',
      key: 'artifacts/aaaa.zip',
      location: 's3://artifacts/shop/artifacts/aaaa.zip (eTag 9a0364b9)',
    },
  }),
  STORED_HEAD_INVALID: describeError<{ store: string; key: string }>({
    message: ({ store, key }) => `${key} in ${store} is not a head that this library wrote`,
    hint: 'Heads are written with swapHead alone. Restore an earlier version of the object.',
    example: { store: 's3://artifacts/shop', key: 'ledger/-/-/shop/dev/head.json' },
  }),
  S3_BUCKET_NOT_FOUND: describeError<{ bucket: string }>({
    message: ({ bucket }) => `there is no bucket ${JSON.stringify(bucket)}`,
    hint: 'Check the name, the account of the credentials and AWS_ENDPOINT_URL. The library makes no buckets.',
    example: { bucket: 'artefacts' },
  }),
  S3_BUCKET_ELSEWHERE: describeError<{ bucket: string; region?: string | undefined }>({
    message: ({ bucket, region }) =>
      `the bucket ${JSON.stringify(bucket)} is in another region than the one that was asked${region ? `: it is in ${region}` : ''}`,
    hint: ({ region }) =>
      `Give s3Store the region of the bucket${region ? `: region: ${JSON.stringify(region)}` : ''}.`,
    example: { bucket: 'artifacts', region: 'eu-central-1' },
  }),
  FOLDER_STORE_NOT_FOUND: describeError<{ path: string }>({
    message: ({ path }) => `the store ${path} is not there, expected a folder`,
    hint: ({ path }) =>
      `Make it once (mkdir -p ${path}), or give folderStore({ path, create: true }). A volume that is not mounted must not look like an empty store.`,
    example: { path: '/srv/artifacts' },
  }),
  FOLDER_STORE_FAILED: describeError<{ operation: string; path: string; reason: string }>({
    message: ({ operation, path, reason }) => `cannot ${operation} ${path} (${reason})`,
    hint: ({ reason }) =>
      reason === 'EPERM' || reason === 'ENOTSUP'
        ? 'A folder store needs a file system with hard links.'
        : 'Check the rights, the free space and the health of the file system.',
    example: { operation: 'write', path: '/srv/artifacts/commits/4444.json', reason: 'ENOSPC' },
  }),
})
