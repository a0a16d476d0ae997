import { encodeRfc3986 } from '../../http.ts'
import { listLimit } from '../../limits.ts'
import { countInQuery, isoSeconds, requireBucket, xmlHeaders, type S3Answer, type S3Call } from '../call.ts'
import { s3Faults } from '../fault.ts'
import type { ObjectVersion, Version } from '../model.ts'
import { compareKeys } from '../order.ts'
import { currentObject, sortedKeys } from '../state.ts'
import { writeXml, type XmlNode } from '../xml.ts'

/** An entry of a listing: a key, or a prefix that stands for all keys under it. */
type Entry = { readonly key: string } | { readonly prefix: string }

interface Page {
  readonly entries: readonly Entry[]
  readonly truncated: boolean
  /** What the next page begins behind. */
  readonly last: string | undefined
}

/** Takes a page of keys in their order, those under a delimiter rolled up into their prefix. Pure. */
export function pageOfKeys(
  keys: readonly string[],
  options: {
    readonly prefix: string
    readonly delimiter: string
    /** Only what comes after this key or prefix. */
    readonly after: string
    readonly limit: number
  },
): Page {
  const { prefix, delimiter, after, limit } = options
  const entries: Entry[] = []
  let last: string | undefined
  let lastPrefix: string | undefined
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    // A page that ended with a common prefix continues behind everything under it.
    if (after !== '' && compareKeys(common ?? key, after) <= 0) continue
    if (common !== undefined && common === lastPrefix) continue
    if (entries.length >= limit) return { entries, truncated: limit > 0, last }
    lastPrefix = common
    last = common ?? key
    entries.push(common === undefined ? { key } : { prefix: common })
  }
  return { entries, truncated: false, last }
}

export async function listObjectsV2(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const { encode, encodingType } = readEncoding(call)
  const limit = countInQuery(call, 'max-keys', { fallback: listLimit, most: listLimit })
  const [prefix, delimiter, startAfter] = [text(call, 'prefix'), text(call, 'delimiter'), text(call, 'start-after')]
  const token = call.query.get('continuation-token')
  const after = token === undefined ? startAfter : readToken(token)
  const keys = sortedKeys(bucket).filter((key) => currentObject(bucket, key))
  const page = pageOfKeys(keys, { prefix, delimiter, after, limit })
  return answerXml('ListBucketResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['MaxKeys', limit],
    delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
    ['EncodingType', encodingType],
    ['KeyCount', page.entries.length],
    ['IsTruncated', page.truncated],
    ['ContinuationToken', token],
    page.truncated ? ['NextContinuationToken', writeToken(page.last ?? '')] : undefined,
    startAfter === '' ? undefined : ['StartAfter', encode(startAfter)],
    ...page.entries.map((entry) =>
      'prefix' in entry
        ? commonPrefix(encode(entry.prefix))
        : describeContents(currentObject(bucket, entry.key) as ObjectVersion, {
            encode,
            owner: call.query.get('fetch-owner') === 'true' ? call.account : undefined,
          }),
    ),
  ])
}

export async function listObjects(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const { encode, encodingType } = readEncoding(call)
  const limit = countInQuery(call, 'max-keys', { fallback: listLimit, most: listLimit })
  const [prefix, delimiter, marker] = [text(call, 'prefix'), text(call, 'delimiter'), text(call, 'marker')]
  const keys = sortedKeys(bucket).filter((key) => currentObject(bucket, key))
  const page = pageOfKeys(keys, { prefix, delimiter, after: marker, limit })
  return answerXml('ListBucketResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['Marker', encode(marker)],
    ['MaxKeys', limit],
    delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
    ['EncodingType', encodingType],
    ['IsTruncated', page.truncated],
    // Without a delimiter the caller takes the last key itself.
    page.truncated && delimiter !== '' ? ['NextMarker', encode(page.last ?? '')] : undefined,
    ...page.entries.map((entry) =>
      'prefix' in entry
        ? commonPrefix(encode(entry.prefix))
        : describeContents(currentObject(bucket, entry.key) as ObjectVersion, { encode, owner: call.account }),
    ),
  ])
}

export async function listObjectVersions(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const { encode, encodingType } = readEncoding(call)
  const limit = countInQuery(call, 'max-keys', { fallback: listLimit, most: listLimit })
  const [prefix, delimiter] = [text(call, 'prefix'), text(call, 'delimiter')]
  const [keyMarker, versionMarker] = [text(call, 'key-marker'), text(call, 'version-id-marker')]
  if (versionMarker !== '' && keyMarker === '') {
    throw s3Faults.invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionMarker,
    )
  }
  const page = pageOfVersions(
    sortedKeys(bucket).map((key) => bucket.versions.get(key) ?? []),
    { prefix, delimiter, keyMarker, versionMarker, limit },
  )
  const isNewest = (version: Version) => bucket.versions.get(version.key)?.[0] === version
  return answerXml('ListVersionsResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['KeyMarker', encode(keyMarker)],
    ['VersionIdMarker', versionMarker],
    page.next ? ['NextKeyMarker', encode(page.next.key)] : undefined,
    page.next?.versionId === undefined ? undefined : ['NextVersionIdMarker', page.next.versionId],
    ['MaxKeys', limit],
    delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
    ['EncodingType', encodingType],
    ['IsTruncated', page.next !== undefined],
    ...page.entries.map((entry): XmlNode => {
      if ('prefix' in entry) return commonPrefix(encode(entry.prefix))
      const facts: readonly XmlNode[] = [
        ['Key', encode(entry.key)],
        ['VersionId', entry.versionId],
        ['IsLatest', isNewest(entry)],
        ['LastModified', isoSeconds(entry.modifiedMs)],
      ]
      const owner: XmlNode = ['Owner', [['ID', call.account]]]
      return entry.kind === 'delete-marker'
        ? ['DeleteMarker', [...facts, owner]]
        : ['Version', [...facts, ...describeBytes(entry), owner]]
    }),
  ])
}

type VersionEntry = Version | { readonly prefix: string }

function pageOfVersions(
  versionsByKey: readonly (readonly Version[])[],
  options: {
    readonly prefix: string
    readonly delimiter: string
    readonly keyMarker: string
    readonly versionMarker: string
    readonly limit: number
  },
): { readonly entries: readonly VersionEntry[]; readonly next: { key: string; versionId?: string } | undefined } {
  const { prefix, delimiter, keyMarker, versionMarker, limit } = options
  const entries: VersionEntry[] = []
  let last: { key: string; versionId?: string } = { key: keyMarker }
  let lastPrefix: string | undefined
  for (const versions of versionsByKey) {
    const key = versions[0]?.key ?? ''
    if (!key.startsWith(prefix)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    const order = keyMarker === '' ? 1 : compareKeys(common ?? key, keyMarker)
    if (order < 0 || (order === 0 && (versionMarker === '' || common !== undefined))) continue
    if (common !== undefined) {
      if (common === lastPrefix) continue
      if (entries.length >= limit) return { entries, next: limit > 0 ? last : undefined }
      lastPrefix = common
      last = { key: common }
      entries.push({ prefix: common })
      continue
    }
    const from = order === 0 ? versions.findIndex(({ versionId }) => versionId === versionMarker) + 1 : 0
    for (const version of versions.slice(from)) {
      if (entries.length >= limit) return { entries, next: limit > 0 ? last : undefined }
      last = { key, versionId: version.versionId }
      entries.push(version)
    }
  }
  return { entries, next: undefined }
}

function answerXml(root: string, content: readonly (XmlNode | undefined)[]): S3Answer {
  return { status: 200, headers: xmlHeaders, body: writeXml(root, content) }
}

function text(call: S3Call, name: string): string {
  return call.query.get(name) ?? ''
}

export function readEncoding(call: S3Call): { encode: (text: string) => string; encodingType: string | undefined } {
  const encodingType = call.query.get('encoding-type')
  if (encodingType !== undefined && encodingType !== 'url') {
    throw s3Faults.invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType)
  }
  const encode = (plain: string) => plain.split('/').map(encodeRfc3986).join('/')
  return { encode: encodingType === 'url' ? encode : (plain) => plain, encodingType }
}

function commonPrefix(prefix: string): XmlNode {
  return ['CommonPrefixes', [['Prefix', prefix]]]
}

function describeBytes(object: ObjectVersion): readonly (XmlNode | undefined)[] {
  return [
    ['ETag', `"${object.eTag}"`],
    object.checksum && ['ChecksumAlgorithm', object.checksum.algorithm],
    object.checksum && ['ChecksumType', object.checksum.type],
    ['Size', object.sizeBytes],
    ['StorageClass', object.system['x-amz-storage-class'] ?? 'STANDARD'],
  ]
}

function describeContents(
  object: ObjectVersion,
  { encode, owner }: { readonly encode: (text: string) => string; readonly owner: string | undefined },
): XmlNode {
  return [
    'Contents',
    [
      ['Key', encode(object.key)],
      ['LastModified', isoSeconds(object.modifiedMs)],
      ...describeBytes(object),
      owner === undefined ? undefined : ['Owner', [['ID', owner]]],
    ],
  ]
}

/** Opaque to the caller: the key behind which the next page begins. */
function writeToken(key: string): string {
  return Buffer.from(`1:${key}`).toString('base64url')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!text.startsWith('1:') || writeToken(text.slice(2)) !== token) {
    throw s3Faults.invalidArgument('The continuation token provided is incorrect', 'continuation-token', token)
  }
  return text.slice(2)
}
