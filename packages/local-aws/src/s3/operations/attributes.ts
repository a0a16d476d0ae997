import { listLimit, partNumberLimit } from '../../limits.ts'
import { httpDate, xmlHeaders, type S3Answer, type S3Call } from '../call.ts'
import { s3Faults } from '../fault.ts'
import type { ObjectVersion } from '../model.ts'
import { versionHeader } from '../object-headers.ts'
import { writeXml, type XmlNode } from '../xml.ts'
import { findVersion } from './read-object.ts'

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html; the entity tag stands without quotes here. */
export async function getObjectAttributes(call: S3Call): Promise<S3Answer> {
  const wanted = (call.header('x-amz-object-attributes') ?? '').split(',').map((name) => name.trim())
  const unknown = wanted.find((name) => !(attributeNames as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw s3Faults.invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown)
  }
  const { bucket, object } = findVersion(call)
  const content: readonly (XmlNode | undefined)[] = [
    ['ETag', object.eTag],
    object.checksum && [
      'Checksum',
      [
        [`Checksum${object.checksum.algorithm}`, object.checksum.value],
        ['ChecksumType', object.checksum.type],
      ],
    ],
    object.parts && describeParts(call, object),
    ['StorageClass', object.system['x-amz-storage-class'] ?? 'STANDARD'],
    ['ObjectSize', object.sizeBytes],
  ]
  return {
    status: 200,
    headers: {
      ...xmlHeaders,
      'last-modified': httpDate(object.modifiedMs),
      ...versionHeader(bucket, object.versionId),
    },
    body: writeXml(
      'GetObjectAttributesResponse',
      content.filter((node) => node && wanted.includes(node[0])),
    ),
  }
}

/** The list of parts is there only where each of them has a checksum; how many there are is always said. */
function describeParts(call: S3Call, { parts = [], checksum }: ObjectVersion): XmlNode {
  const limit = countInHeader(call, 'x-amz-max-parts', { fallback: listLimit, most: listLimit })
  const after = countInHeader(call, 'x-amz-part-number-marker', { fallback: 0, most: partNumberLimit })
  const listed = parts.every((part) => part.checksum !== undefined) ? parts : []
  const rest = listed.filter(({ number }) => number > after)
  const page = rest.slice(0, limit)
  return [
    'ObjectParts',
    [
      ['PartsCount', parts.length],
      ['PartNumberMarker', after],
      ['NextPartNumberMarker', page.at(-1)?.number ?? after],
      ['MaxParts', limit],
      ['IsTruncated', page.length < rest.length],
      ...page.map((part): XmlNode => [
        'Part',
        [
          ['PartNumber', part.number],
          ['Size', part.sizeBytes],
          checksum && [`Checksum${checksum.algorithm}`, part.checksum],
        ],
      ]),
    ],
  ]
}

function countInHeader(
  call: S3Call,
  name: string,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number {
  const text = call.header(name)
  if (text === undefined) return fallback
  if (!/^\d{1,10}$/.test(text)) {
    throw s3Faults.invalidArgument(`Provided ${name} not an integer or within integer range`, name, text)
  }
  return Math.min(Number(text), most)
}
