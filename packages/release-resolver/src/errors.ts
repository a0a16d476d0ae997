import { defineErrors, describeError } from '@fairlead/core'

/** What can fail between a tag and its bytes, and between a deployment and its record. */
export const errors = defineErrors('release-resolver', {
  TAG_NAME_INVALID: describeError<{ tag: string; reason: string }>({
    message: ({ tag, reason }) => `${JSON.stringify(tag)} is no name of a tag: ${reason}`,
    hint: 'Give the short name of a tag, for example v1.0.0.',
    example: { tag: 'v1..0', reason: 'it has two dots in a row' },
  }),
  BRANCH_NAME_INVALID: describeError<{ branch: string; reason: string }>({
    message: ({ branch, reason }) => `${JSON.stringify(branch)} is no name of a branch: ${reason}`,
    hint: 'Give the short name of a branch, for example main.',
    example: { branch: '-main', reason: 'it begins with -' },
  }),
  REPOSITORY_ADDRESS_INVALID: describeError<{ reason: string }>({
    // The address may hold a password, and a malformed one cannot be told apart from it: it is not printed.
    message: ({ reason }) => `this is no address of a repository: ${reason}`,
    hint: 'Give a path, or an address with https://, ssh://, git:// or http://, or user@host:path.',
    example: { reason: 'it begins with -' },
  }),
  REPOSITORY_NOT_FOUND: describeError<{ repository: string }>({
    message: ({ repository }) => `there is no git repository at ${repository}`,
    hint: 'Check the path or the address, and that these credentials may read it: a server says "not found" for both.',
    example: { repository: 'https://git.example.com/shop.git' },
  }),
  REPOSITORY_UNREACHABLE: describeError<{ repository: string; detail: string }>({
    message: ({ repository, detail }) => `cannot ask ${repository}: ${detail}`,
    hint: 'Check the network and the credentials: git asks for no password here, so that a helper or a key must have it.',
    retryable: true,
    example: { repository: 'https://git.example.com/shop.git', detail: 'Could not resolve host: git.example.com' },
  }),
  TAG_NOT_FOUND: describeError<{ tag: string; repository: string; nearest?: string | undefined }>({
    message: ({ tag, repository }) => `${repository} has no tag ${tag}`,
    hint: ({ nearest }) =>
      `${nearest ? `Did you mean ${nearest}? ` : ''}A clone in CI often comes without tags: fetch them (git fetch --tags), or give the address of the remote.`,
    example: { tag: 'v1.0.0', repository: '/srv/shop', nearest: 'v1.0' },
  }),
  TAG_NOT_A_COMMIT: describeError<{ tag: string; repository: string; type: string }>({
    message: ({ tag, repository, type }) => `the tag ${tag} of ${repository} points to a ${type}, expected a commit`,
    hint: 'Tag the commit that was merged.',
    example: { tag: 'v1.0.0', repository: '/srv/shop', type: 'tree' },
  }),
  TAG_NAME_DIFFERS: describeError<{ tag: string; repository: string; ownName: string }>({
    message: ({ tag, repository, ownName }) =>
      `the tag ${tag} of ${repository} says of itself that it is ${ownName}: somebody gave it another name`,
    hint: ({ tag }) => `Make a tag of that name on the commit: git tag --annotate ${tag} COMMIT.`,
    example: { tag: 'v2.0.0', repository: '/srv/shop', ownName: 'v1.0.0' },
  }),
  RELEASE_NOT_BUILT: describeError<{ tag: string; commit: string; store: string }>({
    message: ({ tag, commit, store }) =>
      `the tag ${tag} points to commit ${commit}, which was never published to ${store}`,
    hint: 'Tag a commit whose merge pipeline ran to its end (publishArtifact), or run that pipeline for this commit. Check the bucket and the prefix of the store.',
    example: { tag: 'v1.0.0', commit: '4'.repeat(40), store: 's3://artifacts/shop' },
  }),
  RELEASE_BYTES_MISSING: describeError<{ commit: string; store: string; key: string }>({
    message: ({ commit, store, key }) =>
      `commit ${commit} was published to ${store}, but the bytes that its record pins are gone: ${key}`,
    hint: 'Restore that version of the object. What deletes artifacts must spare those that a commit record names.',
    example: { commit: '4'.repeat(40), store: 's3://artifacts/shop', key: `artifacts/${'a'.repeat(64)}.zip` },
  }),
  RELEASE_BYTES_DIFFER: describeError<{
    store: string
    key: string
    expectedSha256: string
    expectedSizeBytes: number
    sha256?: string | undefined
    sizeBytes: number
  }>({
    message: ({ store, key, expectedSha256, expectedSizeBytes, sha256, sizeBytes }) =>
      `${key} in ${store} does not hold the bytes that were published: ${sizeBytes} bytes with sha256 ${sha256 ?? 'unknown'}, expected ${expectedSizeBytes} bytes with sha256 ${expectedSha256}`,
    hint: 'Somebody wrote past the library, or the storage is damaged. Do not deploy it; find out who can write there.',
    example: {
      store: 's3://artifacts/shop',
      key: `artifacts/${'a'.repeat(64)}.zip`,
      expectedSha256: 'a'.repeat(64),
      expectedSizeBytes: 1000,
      sizeBytes: 999,
    },
  }),
  RELEASE_NOT_PROMOTABLE: describeError<{
    tag: string
    commit: string
    findings: readonly {
      readonly gate: string
      readonly code: string
      readonly message: string
      readonly hint: string
    }[]
  }>({
    message: ({ tag, commit, findings }) =>
      [
        `the release ${tag} (commit ${commit}) may not be promoted:`,
        ...findings.map(({ gate, message }) => `  ${gate}: ${message}`),
      ].join('\n'),
    hint: ({ findings }) => [...new Set(findings.map(({ hint }) => hint))].join(' '),
    example: {
      tag: 'v1.0.0',
      commit: '4'.repeat(40),
      findings: [
        {
          gate: 'deployed to shop/dev',
          code: 'NOT_DEPLOYED',
          message: 'the ledger of shop/dev knows no deployment of this commit',
          hint: 'Deploy it to shop/dev first.',
        },
      ],
    },
  }),
  DEPLOYMENT_NOT_FOUND: describeError<{ deploymentId: string }>({
    message: ({ deploymentId }) => `CodeDeploy knows no deployment ${deploymentId}`,
    hint: 'Check the account and the region of the credentials: the id is known only where it was started.',
    example: { deploymentId: 'd-A1B2C3D4E' },
  }),
  DEPLOYMENT_NOT_ENDED: describeError<{ deploymentId: string; status: string; rollbackOf?: string | undefined }>({
    message: ({ deploymentId, status, rollbackOf }) =>
      `cannot record ${rollbackOf ? `${rollbackOf}: its rollback ` : ''}${deploymentId}${rollbackOf ? '' : ':'} has not ended (${status}), expected Succeeded, Failed or Stopped`,
    hint: 'Wait for it first (waitForDeployment), then record it.',
    retryable: true,
    example: { deploymentId: 'd-A1B2C3D4E', status: 'InProgress' },
  }),
  DEPLOYMENT_MISMATCH: describeError<{ deploymentId: string; field: string; codeDeploy: string; expected: string }>({
    message: ({ deploymentId, field, codeDeploy, expected }) =>
      `cannot record ${deploymentId}: CodeDeploy says that its ${field} is ${codeDeploy}, expected ${expected}`,
    hint: 'Hand over the deployment as startDeployment answered it.',
    example: { deploymentId: 'd-A1B2C3D4E', field: 'application', codeDeploy: 'blog', expected: 'shop' },
  }),
  LEDGER_BUSY: describeError<{ target: string; races: number; store: string }>({
    message: ({ target, races, store }) =>
      `cannot write to the ledger of ${target} in ${store}: ${races} other writers were first, one after the other`,
    hint: 'Try again; find out what writes to this target so often.',
    retryable: true,
    example: { target: 'shop/dev', races: 100, store: 's3://artifacts/shop' },
  }),
})
