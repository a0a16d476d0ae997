import { open } from 'node:fs/promises'
import type { ArtifactFormat } from '@fairlead/core'
import { artifactErrors } from '../errors.ts'
import { codeOf } from './path-failure.ts'

/** A tar's header says `ustar` here (POSIX pax, ustar Interchange Format). */
const tarMagic = { offset: 257, text: 'ustar' }

/**
 * How a file is packed, by its first bytes: gzip begins with 1f 8b (RFC 1952). What is neither a tar nor gzip is taken
 * for a zip, whose reader says what is wrong with it.
 *
 * @throws ARTIFACT_NOT_FOUND
 */
export async function readFormat(path: string): Promise<ArtifactFormat> {
  const head = await readHead(path)
  if (head[0] === 0x1f && head[1] === 0x8b) return 'tgz'
  const magic = head.toString('latin1', tarMagic.offset, tarMagic.offset + tarMagic.text.length)
  return magic === tarMagic.text ? 'tar' : 'zip'
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r')
    try {
      if (!(await file.stat()).isFile()) throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: 'not a file' })
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
  }
}
