import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { localAwsTest } from '../src/ports/vitest.ts'

const test = localAwsTest({ buckets: [{ name: 'artifacts', objects: { k: 'seed' } }] })
const endpoints: string[] = []

test('a test that asks for aws is given a server of its own', async ({ aws }) => {
  endpoints.push(aws.endpoint)
  await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'k', Body: 'changed' }))
})

test('the next one is given another, with nothing of the first', async ({ aws }) => {
  const { Body } = await aws.clients.s3.send(new GetObjectCommand({ Bucket: 'artifacts', Key: 'k' }))
  expect(await Body?.transformToString()).toBe('seed')
  await expect(fetch(endpoints[0] ?? '')).rejects.toThrow()
})
