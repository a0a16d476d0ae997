import { deleteLimit } from '../../limits.ts'
import { childrenOf, namesIn, textOf } from '../../ports/xml-parser.ts'
import { objectArn, requireBucket, xmlHeaders, type S3Answer, type S3Call } from '../call.ts'
import { S3Fault, s3Faults } from '../fault.ts'
import { receiveXml } from '../receive.ts'
import { writeXml, type XmlNode } from '../xml.ts'
import { deleteOne, requireToDelete } from './write-object.ts'

export async function deleteObjects(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const request = await receiveXml(call, 'Delete', { checksumRequired: true })
  const quiet = textOf(request, 'Quiet') === 'true'
  const wanted = childrenOf(request, 'Object').map((object) => {
    const unknown = namesIn(object).find((name) => !['Key', 'VersionId', 'ETag'].includes(name))
    if (unknown !== undefined) throw s3Faults.notImplemented(`Delete/Object/${unknown}`)
    const key = textOf(object, 'Key')
    if (key === undefined || key === '') throw s3Faults.malformedXml()
    return { key, versionId: textOf(object, 'VersionId'), eTag: textOf(object, 'ETag') }
  })
  if (wanted.length === 0 || wanted.length > deleteLimit) throw s3Faults.malformedXml()
  const results: XmlNode[] = []
  for (const { key, versionId, eTag } of wanted) {
    try {
      call.requireAccess({
        action: versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
        resource: objectArn(bucket.name, key),
      })
      if (eTag !== undefined) requireToDelete(bucket, key, versionId, eTag)
      const gone = await deleteOne(call, bucket, key, versionId)
      if (quiet) continue
      results.push([
        'Deleted',
        [
          ['Key', key],
          ['VersionId', versionId],
          gone.isMarker ? ['DeleteMarker', true] : undefined,
          gone.isMarker ? ['DeleteMarkerVersionId', gone.versionId] : undefined,
        ],
      ])
    } catch (error) {
      if (!(error instanceof S3Fault)) throw error
      results.push([
        'Error',
        [
          ['Key', key],
          ['VersionId', versionId],
          ['Code', error.code],
          ['Message', error.message],
        ],
      ])
    }
  }
  return { status: 200, headers: xmlHeaders, body: writeXml('DeleteResult', results) }
}
