import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '@fairlead/test-support'
import { startFileDigest, writeOutput } from '../../src/ports/output-file.ts'

const bytes = randomBytes(9 * 1024 * 1024 + 7)

test.each([
  ['not followed at all', []],
  ['followed in steps', [5, 1_500_000, 1_500_000, 4_000_000, bytes.length - 1]],
  ['followed to its end', [bytes.length]],
])('a file is digested from its first byte to its last one, %s', async (_name, ends: readonly number[]) => {
  const file = await open(join(temporaryFolder(), 'file'), 'wx+')
  const digest = startFileDigest(file)
  let done = 0
  for (const end of ends) {
    writeSync(file.fd, bytes, done, end - done, done)
    done = end
    digest.follow(end)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  writeSync(file.fd, bytes, done, bytes.length - done, done)
  expect(await digest.finish(undefined)).toEqual({
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  await file.close()
})

test('a read that fails once while the file is followed has no part digested twice', async () => {
  const file = await open(join(temporaryFolder(), 'file'), 'wx+')
  writeSync(file.fd, bytes)
  const digest = startFileDigest(file)
  const read = file.read.bind(file)
  let reads = 0
  const failing = (...given: Parameters<typeof read>) =>
    ++reads === 4 ? Promise.reject(new Error('EIO')) : read(...given)
  Object.assign(file, { read: failing })
  digest.follow(bytes.length)
  expect((await digest.finish(undefined)).sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(reads).toBeGreaterThan(4)
  await file.close()
})

test('what cannot be read any more is an error at the end, and nothing else', async () => {
  const file = await open(join(temporaryFolder(), 'file'), 'wx+')
  writeSync(file.fd, bytes)
  await file.close()
  const digest = startFileDigest(file)
  digest.follow(bytes.length)
  await expect(digest.finish(undefined)).rejects.toThrow('closed')
})

const unwatched = { check: () => Promise.resolve(), onLeftover: () => undefined }

test('a file that went to disk on the way is whole', async () => {
  const output = join(temporaryFolder(), 'file')
  const large = Buffer.concat(Array.from({ length: 5 }, () => bytes))
  await writeOutput(output, {
    ...unwatched,
    write: async ({ handle, reached }) => {
      for (let done = 0; done < large.length; done += 1_000_000) {
        await handle.write(large, done, Math.min(1_000_000, large.length - done), done)
        reached(done + 1_000_000)
      }
    },
  })
  expect(readFileSync(output).equals(large)).toBe(true)
})

test('what a sync on the way fails with is told, and nothing is left', async () => {
  const folder = temporaryFolder()
  const writing = writeOutput(join(folder, 'file'), {
    ...unwatched,
    write: ({ handle, reached }) => {
      // The disk fails once, and the system says so once.
      handle.datasync = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' }))
      reached(1024 ** 3)
      return Promise.resolve()
    },
  })
  await expect(writing).rejects.toMatchObject({ code: 'ARTIFACT_OUTPUT_UNWRITABLE', context: { reason: 'EIO' } })
  expect(readdirSync(folder)).toEqual([])
})
