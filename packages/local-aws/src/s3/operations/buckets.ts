import { childrenOf, namesIn, textOf } from '../../ports/xml-parser.ts'
import { policyLimitBytes } from '../../limits.ts'
import { parseBucketPolicy } from '../bucket-policy.ts'
import { isoSeconds, requireBucket, xmlHeaders, type S3Answer, type S3Call } from '../call.ts'
import { S3Fault, s3Faults } from '../fault.ts'
import { receiveSmall, receiveXml } from '../receive.ts'
import { writeXml } from '../xml.ts'

/** The names that AWS allows: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d{1,3}(\.\d{1,3}){3}$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  )
}

export async function createBucket(call: S3Call): Promise<S3Answer> {
  const { state, bucketName, region } = call
  const configuration = await receiveXml(call, 'CreateBucketConfiguration')
  const unknown = namesIn(configuration).find((name) => name !== 'LocationConstraint')
  if (unknown !== undefined) throw s3Faults.notImplemented(`CreateBucketConfiguration/${unknown}`)
  const acl = call.header('x-amz-acl')
  if (acl !== undefined && acl !== 'private') throw s3Faults.notImplemented(`x-amz-acl: ${acl}`)
  const ownership = call.header('x-amz-object-ownership')
  if (ownership !== undefined && ownership !== 'BucketOwnerEnforced') {
    throw s3Faults.notImplemented(`x-amz-object-ownership: ${ownership}`)
  }
  if ((call.header('x-amz-bucket-object-lock-enabled') ?? 'false').toLowerCase() !== 'false') {
    throw s3Faults.notImplemented('x-amz-bucket-object-lock-enabled')
  }
  if (!isBucketName(bucketName)) {
    throw new S3Fault('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: bucketName })
  }
  // us-east-1 is the one region that has no name here.
  const constraint = textOf(configuration, 'LocationConstraint') ?? 'us-east-1'
  if (constraint !== region) {
    throw new S3Fault(
      'IllegalLocationConstraintException',
      constraint === 'us-east-1'
        ? 'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.'
        : `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      400,
    )
  }
  if (state.buckets.has(bucketName)) {
    if (region === 'us-east-1') return { status: 200, headers: { location: `/${bucketName}` } }
    throw new S3Fault(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      409,
      { BucketName: bucketName },
    )
  }
  await state.createBucket(bucketName)
  return { status: 200, headers: { location: `/${bucketName}` } }
}

export async function deleteBucket(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  if (bucket.versions.size > 0) {
    throw new S3Fault(
      'BucketNotEmpty',
      bucket.versioning === undefined
        ? 'The bucket you tried to delete is not empty'
        : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
      409,
      { BucketName: bucket.name },
    )
  }
  await call.state.deleteBucket(bucket)
  return { status: 204 }
}

export async function headBucket(call: S3Call): Promise<S3Answer> {
  requireBucket(call)
  return { status: 200, headers: { 'x-amz-bucket-region': call.region, 'x-amz-access-point-alias': 'false' } }
}

export async function listBuckets({ state, account }: S3Call): Promise<S3Answer> {
  const buckets = [...state.buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    status: 200,
    headers: xmlHeaders,
    body: writeXml('ListAllMyBucketsResult', [
      ['Owner', [['ID', account]]],
      [
        'Buckets',
        buckets.map(
          ({ name, createdMs }) =>
            [
              'Bucket',
              [
                ['Name', name],
                ['CreationDate', isoSeconds(createdMs)],
              ],
            ] as const,
        ),
      ],
    ]),
  }
}

export async function getBucketLocation(call: S3Call): Promise<S3Answer> {
  requireBucket(call)
  const body =
    call.region === 'us-east-1' ? writeXml('LocationConstraint', []) : writeXml('LocationConstraint', call.region)
  return { status: 200, headers: xmlHeaders, body }
}

export async function getBucketVersioning(call: S3Call): Promise<S3Answer> {
  const { versioning } = requireBucket(call)
  return {
    status: 200,
    headers: xmlHeaders,
    body: writeXml('VersioningConfiguration', [['Status', versioning]]),
  }
}

export async function putBucketVersioning(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const configuration = await receiveXml(call, 'VersioningConfiguration')
  const mfaDelete = textOf(configuration, 'MfaDelete')
  if (mfaDelete !== undefined && mfaDelete !== 'Disabled') throw s3Faults.notImplemented('MfaDelete')
  const status = textOf(configuration, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Faults.malformedXml()
  if (childrenOf(configuration, 'Status').length !== 1) throw s3Faults.malformedXml()
  await call.state.setVersioning(bucket, status)
  return { status: 200 }
}

export async function getBucketPolicy(call: S3Call): Promise<S3Answer> {
  const { name, policy } = requireBucket(call)
  if (policy === undefined) {
    throw new S3Fault('NoSuchBucketPolicy', 'The bucket policy does not exist', 404, { BucketName: name })
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policy }
}

export async function putBucketPolicy(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const bytes = await receiveSmall(call, policyLimitBytes)
  if (!bytes) throw new S3Fault('PolicyTooLarge', 'The policy exceeds the maximum allowed size', 400)
  const policy = bytes.toString('utf8')
  parseBucketPolicy(policy, bucket.name)
  await call.state.setPolicy(bucket, policy)
  return { status: 204 }
}

export async function deleteBucketPolicy(call: S3Call): Promise<S3Answer> {
  await call.state.setPolicy(requireBucket(call), undefined)
  return { status: 204 }
}
