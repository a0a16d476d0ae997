/** Each format on the whole way: packed, published, found again by a tag, deployed, unpacked on a host. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { startDeployment, waitForDeployment } from '@fairlead/codedeploy-client'
import { parseArtifact, parsePublication } from '@fairlead/core'
import { startLocalAws } from '@fairlead/local-aws'
import { resolveRelease } from '@fairlead/release-resolver'
import { folderStore, publishArtifact, s3Store } from '@fairlead/s3-publisher'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, onTestFinished, test } from 'vitest'
import { verifyTar } from '../../packages/artifact-builder/src/verify-tar.ts'
import { pack } from '../../packages/artifact-builder/test/support/packed.ts'

const dev = { application: 'shop', deploymentGroup: 'dev' }
const appspec = `version: 0.0
os: linux
hooks:
  AfterInstall:
    - location: hooks/look.sh
      timeout: 20
`

async function world() {
  const folder = temporaryFolder()
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    hosts: [{ name: 'web-1', folder: join(folder, 'web-1') }],
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
  })
  onTestFinished(() => aws.close())
  const repository = createRepository(join(folder, 'shop'))
  const commit = repository.commit({ 'index.html': 'hello' })
  repository.git('tag', 'v1')
  const seen = join(folder, 'seen.html')
  // Succeeds only where exec bits, links, long names and empty folders came through.
  const look = [
    '#!/bin/sh -e',
    'cd "$(dirname "$0")/.."',
    'test "$(readlink current)" = index.html',
    'test -d var/empty',
    `test -f ${longName}`,
    `cp current ${seen}`,
    '',
  ].join('\n')
  const files = {
    'appspec.yml': appspec,
    current: { link: 'index.html' },
    'hooks/look.sh': { script: look },
    'index.html': 'hello',
    [longName]: 'x',
    'var/empty': 'folder/',
  } as const
  return { aws, repository, commit, files, seen }
}

const longName = `${'d/'.repeat(60)}${'f'.repeat(120)}`

test.each(['tar', 'tgz'] as const)('a %s is published, resolved and deployed as what it is', async (format) => {
  const { aws, repository, commit, files, seen } = await world()
  const path = await pack(files, format, commit)
  const { manifest, sha256, sizeBytes } = await verifyTar(path, undefined)
  const artifact = parseArtifact({
    schema: 'fairlead/artifact/1',
    path,
    format,
    application: manifest.application,
    commit: manifest.commit,
    sha256,
    contentDigest: manifest.contentDigest,
    sizeBytes,
    entryCount: manifest.entries.length,
  })
  const store = s3Store({ bucket: 'artifacts', client: aws.clients.s3 })
  const publication = parsePublication(JSON.stringify(await publishArtifact(artifact, { store })))
  const Key = `artifacts/${sha256}.${format}`
  expect(publication).toMatchObject({ format, location: { kind: 's3', key: Key } })
  const head = await aws.clients.s3.send(new HeadObjectCommand({ Bucket: 'artifacts', Key }))
  expect(head.ContentType).toBe(format === 'tar' ? 'application/x-tar' : 'application/gzip')

  const release = await resolveRelease({ repository: repository.path, tag: 'v1', store })
  expect(release.publication).toEqual({ ...publication, alreadyPublished: true })

  const client = aws.clients.codeDeploy
  const deployment = await startDeployment(release.publication, dev, { client })
  const report = await waitForDeployment(deployment, { client, pollIntervalMs: 20 })
  expect(report.status).toBe('succeeded')
  expect(readFileSync(seen, 'utf8')).toBe('hello')
})

test.each(['zip', 'tar', 'tgz'] as const)('a %s lies in a folder under its own ending', async (format) => {
  const path = await pack({ 'a.txt': 'hello' }, format)
  const root = temporaryFolder()
  const facts = { application: 'shop', commit: 'a'.repeat(40), contentDigest: 'c'.repeat(64) }
  const bytes = readFileSync(path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const artifact = { ...facts, path, format, sha256, sizeBytes: bytes.length }
  await publishArtifact(artifact, { store: folderStore(root) })
  expect(existsSync(join(root, `artifacts/${sha256}.${format}`))).toBe(true)
})
