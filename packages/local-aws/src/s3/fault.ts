/** An error of S3, as it stands in the XML of an answer. */
export class S3Fault extends Error {
  override readonly name = 'S3Fault'
  readonly code: string
  readonly httpStatus: number
  /** Elements beside Code and Message. */
  readonly details: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: string,
    message: string,
    httpStatus: number,
    details: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.code = code
    this.httpStatus = httpStatus
    this.details = details
    this.headers = headers
  }
}

/** The errors that several operations answer; messages as S3 writes them. */
export const s3Faults = {
  accessDenied: (message = 'Access Denied', details: Readonly<Record<string, string>> = {}) =>
    new S3Fault('AccessDenied', message, 403, details),
  badDigest: (message: string) => new S3Fault('BadDigest', message, 400),
  conditionalConflict: (key: string) =>
    new S3Fault(
      'ConditionalRequestConflict',
      'The conditional request cannot succeed due to a conflicting operation against this resource.',
      409,
      { Key: key },
    ),
  invalidArgument: (message: string, name: string, value: string) =>
    new S3Fault('InvalidArgument', message, 400, { ArgumentName: name, ArgumentValue: value }),
  invalidRequest: (message: string) => new S3Fault('InvalidRequest', message, 400),
  malformedXml: () =>
    new S3Fault(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
      400,
    ),
  noSuchBucket: (bucket: string) =>
    new S3Fault('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: bucket }),
  noSuchKey: (key: string, headers: Readonly<Record<string, string>> = {}) =>
    new S3Fault('NoSuchKey', 'The specified key does not exist.', 404, { Key: key }, headers),
  noSuchUpload: (uploadId: string) =>
    new S3Fault(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      404,
      { UploadId: uploadId },
    ),
  noSuchVersion: (key: string, versionId: string) =>
    new S3Fault('NoSuchVersion', 'The specified version does not exist.', 404, { Key: key, VersionId: versionId }),
  /** What AWS has and this server has not: said by name, so that nobody takes silence for success. */
  notImplemented: (what: string) =>
    new S3Fault(
      'NotImplemented',
      `local-aws does not implement ${what}, which would change what the request does`,
      501,
      {
        Header: what,
      },
    ),
  preconditionFailed: (condition: string) =>
    new S3Fault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
      Condition: condition,
    }),
}
