import { childrenOf, textOf } from '../../ports/xml-parser.ts'
import { xmlHeaders, type S3Answer, type S3Call } from '../call.ts'
import { s3Faults } from '../fault.ts'
import { checkTags, versionHeader } from '../object-headers.ts'
import { receiveXml } from '../receive.ts'
import { writeXml } from '../xml.ts'
import { findVersion } from './read-object.ts'

export async function getObjectTagging(call: S3Call): Promise<S3Answer> {
  const { bucket, object } = findVersion(call)
  return {
    status: 200,
    headers: { ...xmlHeaders, ...versionHeader(bucket, object.versionId) },
    body: writeXml('Tagging', [
      [
        'TagSet',
        object.tags.map(
          ([key, value]) =>
            [
              'Tag',
              [
                ['Key', key],
                ['Value', value],
              ],
            ] as const,
        ),
      ],
    ]),
  }
}

export async function putObjectTagging(call: S3Call): Promise<S3Answer> {
  const tagging = await receiveXml(call, 'Tagging', { checksumRequired: true })
  const tags = childrenOf(tagging, 'TagSet')
    .flatMap((set) => childrenOf(set, 'Tag'))
    .map((tag) => {
      const [key, value] = [textOf(tag, 'Key'), textOf(tag, 'Value')]
      if (key === undefined || value === undefined) throw s3Faults.malformedXml()
      return [key, value] as const
    })
  const { bucket, object } = findVersion(call)
  await call.state.setTags(bucket, object, checkTags(tags))
  return { status: 200, headers: versionHeader(bucket, object.versionId) }
}

export async function deleteObjectTagging(call: S3Call): Promise<S3Answer> {
  const { bucket, object } = findVersion(call)
  await call.state.setTags(bucket, object, [])
  return { status: 204, headers: versionHeader(bucket, object.versionId) }
}
