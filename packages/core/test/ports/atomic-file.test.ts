import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { writeFileAtomically } from '../../src/ports/atomic-file.ts'

test('replaces a file whole, with the mode that was asked for', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'record.json')
  writeFileSync(path, 'old')
  await writeFileAtomically(path, 'new', { mode: 0o600 })
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['record.json'])
})

test('a failure leaves the old state and no temporary file', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'taken/inside'), 'kept')
  await expect(writeFileAtomically(join(folder, 'taken'), 'new')).rejects.toMatchObject({ code: 'EISDIR' })
  expect(readdirSync(folder)).toEqual(['taken'])
  expect(readFileSync(join(folder, 'taken/inside'), 'utf8')).toBe('kept')
})
