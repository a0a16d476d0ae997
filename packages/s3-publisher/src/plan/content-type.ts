const contentTypes: Readonly<Record<string, string>> = {
  zip: 'application/zip',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
}

/** What an artifact is called to whom downloads it. Of other keys S3 says `binary/octet-stream`, as it does unasked. */
export function contentTypeOf(key: string): string | undefined {
  return contentTypes[/\.([^./]+)$/.exec(key)?.[1] ?? '']
}
