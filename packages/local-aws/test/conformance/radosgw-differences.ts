import type { Difference } from './held-to.ts'

/** Where the gateway of Ceph and the suite disagree, and who is right. Each case names the document that says so. */
export const differences: Readonly<Record<string, Difference>> = {
  'the location of a bucket is its region, and empty in us-east-1': {
    right: 'local-aws',
    because: 'radosgw names its zone group',
  },
  'a versioning status that is none is malformed': {
    right: 'local-aws',
    because: 'radosgw answers InvalidArgument',
  },
  'an object is encrypted with the keys of S3 by default': {
    right: 'local-aws',
    because: 'radosgw encrypts nothing by default',
  },
  'an owner that is not the expected one is refused': {
    right: 'local-aws',
    because: 'radosgw accepts it',
  },
  'a key of 1025 bytes is too long': {
    right: 'local-aws',
    because: 'radosgw answers InvalidObjectName',
  },
  'the bytes of a key count, not its letters': {
    right: 'local-aws',
    because: 'radosgw answers InvalidObjectName',
  },
  'metadata of more than two kilobytes are too large': {
    right: 'local-aws',
    because: 'radosgw accepts it',
  },
  'a deletion with the right entity tag succeeds, with a wrong one 412': {
    right: 'local-aws',
    because: 'radosgw deletes it all the same',
  },
  'no more than a thousand at once': {
    right: 'local-aws',
    because: 'radosgw answers with an error without a code',
  },
  'a body that is no XML is malformed': {
    right: 'local-aws',
    because: 'radosgw answers 400 without a code',
  },
  'a copy can replace metadata and tags': {
    right: 'local-aws',
    because: 'radosgw leaves the tags out',
  },
  'conditions on the source are 412 where they do not hold': {
    right: 'local-aws',
    because: 'radosgw copies all the same',
  },
  'a tag twice is invalid': {
    right: 'local-aws',
    because: 'radosgw accepts it',
  },
  'keys can be asked for in an encoding of URLs': {
    right: 'local-aws',
    because: 'radosgw encodes the slash too',
  },
  'a token that is none is refused': {
    right: 'local-aws',
    because: 'radosgw lists from there on',
  },
  'If-None-Match refuses what exists in a bucket with versions, and adds none': {
    right: 'local-aws',
    because: 'radosgw adds a version',
  },
  'If-None-Match knows nothing but *': {
    right: 'local-aws',
    because: 'radosgw answers 412',
  },
  'If-Match replaces what it names': {
    right: 'local-aws',
    because: 'radosgw answers 412',
  },
  'If-Match of what does not exist is no such key': {
    right: 'local-aws',
    because: 'radosgw answers 412',
  },
  'of ten that replace the same at once, one does': {
    right: 'local-aws',
    because: 'radosgw answers 412 to all of them',
  },
  'a completion with If-None-Match refuses what exists, and keeps the upload': {
    right: 'local-aws',
    because: 'radosgw completes the upload all the same',
  },
  'a completion with If-Match replaces what it names, and nothing else': {
    right: 'local-aws',
    because: 'radosgw completes the upload all the same',
  },
  'CRC32 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32 in a trailer of a stream is verified and kept, and its framing is no part of the object': {
    right: 'local-aws',
    because: 'radosgw 16 answers 411 to a body without Content-Length',
  },
  'CRC32C in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32C that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32C in a trailer of a stream is verified and kept, and its framing is no part of the object': {
    right: 'local-aws',
    because: 'radosgw 16 answers 411 to a body without Content-Length',
  },
  'CRC64NVME in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC64NVME that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC64NVME in a trailer of a stream is verified and kept, and its framing is no part of the object': {
    right: 'local-aws',
    because: 'radosgw 16 answers 411 to a body without Content-Length',
  },
  'SHA1 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA1 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA1 in a trailer of a stream is verified and kept, and its framing is no part of the object': {
    right: 'local-aws',
    because: 'radosgw 16 answers 411 to a body without Content-Length',
  },
  'SHA256 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA256 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA256 in a trailer of a stream is verified and kept, and its framing is no part of the object': {
    right: 'local-aws',
    because: 'radosgw 16 answers 411 to a body without Content-Length',
  },
  'an object that came without a checksum has CRC64NVME': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'a checksum of the wrong length is invalid': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'two checksums at once are one too many': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32C of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA1 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA256 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32 of an object in parts can be that of the whole': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC32C of an object in parts can be that of the whole': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'CRC64NVME of an object in parts can be that of the whole': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'SHA256 of an object in parts cannot be that of the whole': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'a checksum of the whole that is wrong refuses the completion': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'a part whose checksum is wrong is refused': {
    right: 'local-aws',
    because: 'radosgw 16 knows no checksum but Content-MD5',
  },
  'the attributes of an object are those that were asked for': {
    right: 'local-aws',
    because: 'radosgw 16 has no GetObjectAttributes, and answers with the object',
  },
  'the attributes tell the parts, page by page': {
    right: 'local-aws',
    because: 'radosgw 16 has no GetObjectAttributes, and answers with the object',
  },
  'parts become one object, its entity tag that of theirs': {
    right: 'local-aws',
    because: 'radosgw tells an empty entity tag',
  },
  'parts that are not listed are left out': {
    right: 'local-aws',
    because: 'radosgw wants every part that was uploaded',
  },
  'parts are listed in their order': {
    right: 'local-aws',
    because: 'radosgw accepts any order',
  },
  'an upload that does not exist cannot be completed': {
    right: 'local-aws',
    because: 'radosgw answers InternalError',
  },
  'a size that was promised is held to': {
    right: 'local-aws',
    because: 'radosgw does not look at it',
  },
  'parts are numbered from 1 to 10,000': {
    right: 'local-aws',
    because: 'radosgw accepts other numbers',
  },
  'an upload that is aborted is gone': {
    right: 'local-aws',
    because: 'radosgw answers InternalError',
  },
  'uploads in progress are listed by key, and pages of them follow each other': {
    right: 'local-aws',
    because: 'radosgw leaves common prefixes out',
  },
  'a range of a copy lies inside its source': {
    right: 'local-aws',
    because: 'radosgw answers 416',
  },
  'a part can be read by its number': {
    right: 'local-aws',
    because: 'radosgw 16 answers with the whole object',
  },
  'a part that there is not cannot be satisfied': {
    right: 'local-aws',
    because: 'radosgw 16 answers with the whole object',
  },
  'a marker itself cannot be read': {
    right: 'local-aws',
    because: 'radosgw answers NoSuchKey',
  },
  'a read behind a marker says that it is there': {
    right: 'local-aws',
    because: 'radosgw does not tell of the marker',
  },
  'a version that is deleted is gone for good': {
    right: 'local-aws',
    because: 'radosgw answers NoSuchKey',
  },
  'a version id that is none is invalid': {
    right: 'local-aws',
    because: 'radosgw answers NoSuchKey',
  },
  'a version marker needs a key marker': {
    right: 'local-aws',
    because: 'radosgw accepts it alone',
  },
  'a version can be copied': {
    right: 'local-aws',
    because: 'radosgw does not tell which version was copied',
  },
  'a policy that is no JSON is malformed': {
    right: 'local-aws',
    because: 'radosgw answers InvalidArgument',
  },
  'a policy about another bucket is malformed': {
    right: 'local-aws',
    because: 'radosgw accepts it',
  },
  'a policy can refuse a put that has no condition': {
    right: 'local-aws',
    because: 'radosgw 16 does not know the condition key s3:if-none-match',
  },
  'another region is refused': {
    right: 'local-aws',
    because: 'radosgw does not look at the region of the scope',
  },
  'a put in signed chunks is the object without their framing': {
    right: 'local-aws',
    because: 'radosgw keeps aws-chunked as the encoding of the object',
  },
  'a chunk that was changed after it was signed is refused': {
    right: 'local-aws',
    because: 'radosgw answers XAmzContentSHA256Mismatch',
  },
  'a presigned URL lasts no longer than a week': {
    right: 'local-aws',
    because: 'radosgw answers AccessDenied',
  },
}

/** The release that the list was made with: Debian 12's. */
export const radosgwVersion = '16.2.15'
