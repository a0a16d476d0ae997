const meanings: Readonly<Record<string, string>> = {
  E2BIG: 'Argument list too long',
  EACCES: 'Permission denied',
  ENOENT: 'No such file or directory',
  ENOEXEC: 'Exec format error',
  ENOMEM: 'Cannot allocate memory',
  ENOTDIR: 'Not a directory',
}

/** A program that could not be started, as Ruby says it: `Errno::ENOENT with message No such file or directory - /a`. */
export function errorWords(
  { code, message }: { readonly code?: string | undefined; readonly message: string },
  file: string,
): string {
  if (code === undefined) return `StandardError with message ${message}`
  return `Errno::${code} with message ${meanings[code] ?? message} - ${file}`
}
