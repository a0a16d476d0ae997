/** What `x-amz-copy-source` names. */
export interface CopySource {
  readonly bucketName: string
  readonly key: string
  readonly versionId: string | undefined
}

/** Reads `bucket/key?versionId=…`, percent-encoded, with or without a slash in front; `undefined` where it is no such thing. */
export function copySourceOf(raw: string): CopySource | undefined {
  const [path = '', versionId, ...rest] = raw.replace(/^\//, '').split('?versionId=')
  const decoded = tryDecode(path)
  const mark = decoded?.indexOf('/') ?? -1
  if (decoded === undefined || mark < 1 || mark === decoded.length - 1 || rest.length > 0) return undefined
  return { bucketName: decoded.slice(0, mark), key: decoded.slice(mark + 1), versionId }
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
