import { artifactErrors } from '../errors.ts'

/** The error for what the system said of a path below root while an artifact was built. */
export function failAtPath(root: string, path: string, error: unknown) {
  const reason = codeOf(error)
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    return artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'vanished' }, { cause: error })
  }
  // O_NOFOLLOW answers ELOOP for a link; a folder can be opened and not read, a socket not even opened.
  if (reason === 'ELOOP' || reason === 'EISDIR' || reason === 'ENXIO') {
    return artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its type' }, { cause: error })
  }
  return artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path, reason }, { cause: error })
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' ? code : String(error)
}
