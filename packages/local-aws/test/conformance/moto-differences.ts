import type { Difference } from './held-to.ts'

/** The moto that the list was made with. */
export const motoVersion = '5.2.1'

/** Where moto and the suite disagree, and who is right. Each case names the document that says so. */
export const differences: Readonly<Record<string, Difference>> = {
  'a bucket name in capitals is refused': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'a bucket with nothing but a delete marker in it stays': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a versioning status that is none is malformed': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'an object is encrypted with the keys of S3 by default': {
    right: 'local-aws',
    because: 'moto tells of encryption only where the put or the bucket asked for it',
  },
  'a Content-MD5 that is right is accepted, and a wrong one refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a Content-MD5 that is no MD5 is invalid': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'an owner that is not the expected one is refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a key of 1025 bytes is too long': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'the bytes of a key count, not its letters': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'metadata of more than two kilobytes are too large': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'the query can choose headers of the answer': {
    right: 'local-aws',
    because: 'moto leaves some of the chosen headers out',
  },
  'a range that is none means the whole': {
    right: 'local-aws',
    because: 'moto answers 206',
  },
  'an entity tag that matches outweighs the date beside it': {
    right: 'local-aws',
    because: 'moto answers 412 for the date',
  },
  'a quiet deletion tells of errors alone': {
    right: 'local-aws',
    because: 'moto tells of what was deleted, too',
  },
  'no more than a thousand at once': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a body that is no XML is malformed': {
    right: 'local-aws',
    because: 'moto answers 500',
  },
  'conditions on the source are 412 where they do not hold': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a tag twice is invalid': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a page has at most a thousand keys whatever was asked for': {
    right: 'local-aws',
    because: 'moto makes pages as large as they are asked for',
  },
  'a token that is none is refused': {
    right: 'local-aws',
    because: 'moto answers SyntaxError',
  },
  'the older listing goes on behind a marker': {
    right: 'local-aws',
    because: 'moto does not repeat the marker',
  },
  'the older listing names the next marker where it rolls up': {
    right: 'local-aws',
    because: 'moto does not count rolled up prefixes',
  },
  'If-None-Match knows nothing but *': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a completion with If-Match replaces what it names, and nothing else': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'CRC32 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'CRC32 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'CRC32C in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'CRC32C that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'CRC64NVME in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'CRC64NVME that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'SHA1 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'SHA1 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'SHA256 in a header is verified, kept and told': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'SHA256 that is not that of the body is refused, and nothing is kept': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'an object that came without a checksum has CRC64NVME': {
    right: 'local-aws',
    because: 'moto computes no checksum of its own accord',
  },
  'a checksum of the wrong length is invalid': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'two checksums at once are one too many': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'CRC32 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'CRC32C of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'SHA1 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'SHA256 of an object in parts is that of the checksums of its parts': {
    right: 'local-aws',
    because: 'moto does not tell it',
  },
  'CRC32C of an object in parts can be that of the whole': {
    right: 'local-aws',
    because: 'moto tells another checksum',
  },
  'CRC64NVME of an object in parts can be that of the whole': {
    right: 'local-aws',
    because: 'moto tells another checksum',
  },
  'SHA256 of an object in parts cannot be that of the whole': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a checksum of the whole that is wrong refuses the completion': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a part whose checksum is wrong is refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'the attributes of an object are those that were asked for': {
    right: 'local-aws',
    because: 'moto dates the answer in a form that the SDK cannot read',
  },
  'the attributes tell the parts, page by page': {
    right: 'local-aws',
    because: 'moto dates the answer in a form that the SDK cannot read',
  },
  'parts are listed in their order': {
    right: 'local-aws',
    because: 'moto answers EntityTooSmall',
  },
  'an upload that does not exist cannot be completed': {
    right: 'local-aws',
    because: 'moto answers an error that the SDK cannot read',
  },
  'a size that was promised is held to': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'parts are numbered from 1 to 10,000': {
    right: 'local-aws',
    because: 'moto answers NoSuchUpload',
  },
  'a part of an upload that does not exist is refused': {
    right: 'local-aws',
    because: 'moto answers an error that the SDK cannot read',
  },
  'an upload that is aborted is gone': {
    right: 'local-aws',
    because: 'moto answers an error that the SDK cannot read',
  },
  'uploads in progress are listed by key, and pages of them follow each other': {
    right: 'local-aws',
    because: 'moto lists them in the order in which they began',
  },
  'a range of a copy lies inside its source': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a part can be read by its number': {
    right: 'local-aws',
    because: 'moto answers with the whole object',
  },
  'a part that there is not cannot be satisfied': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'suspended versioning replaces the version null, and no other': {
    right: 'local-aws',
    because: 'moto loses the versions that there were',
  },
  'a deletion makes a marker, and deleting the marker brings the object back': {
    right: 'local-aws',
    because: 'moto does not say that it was a marker that was deleted',
  },
  'a marker itself cannot be read': {
    right: 'local-aws',
    because: 'moto answers NoSuchKey',
  },
  'a read behind a marker says that it is there': {
    right: 'local-aws',
    because: 'moto does not say so',
  },
  'a version id that is none is invalid': {
    right: 'local-aws',
    because: 'moto answers NoSuchVersion',
  },
  'a version marker needs a key marker': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a policy that is no JSON is malformed': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a policy about another bucket is malformed': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a policy can refuse a put that has no condition': {
    right: 'local-aws',
    because: 'moto evaluates no such condition',
  },
  'a request without a signature is denied': {
    right: 'local-aws',
    because: 'moto answers 403 without a code',
  },
  'a wrong secret is refused': {
    right: 'local-aws',
    because: 'moto answers 404 NoSuchKey',
  },
  'a key that does not exist is refused': {
    right: 'local-aws',
    because: 'moto answers 404 NoSuchKey',
  },
  'a request of an hour ago is skewed': {
    right: 'local-aws',
    because: 'moto answers 404 NoSuchKey',
  },
  'a path that was changed after it was signed is refused': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'a body that is not the one that was signed is refused': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'another region is refused': {
    right: 'local-aws',
    because: 'moto answers 404 NoSuchKey',
  },
  'a chunk that was changed after it was signed is refused': {
    right: 'local-aws',
    because: 'moto verifies no signature of a chunk',
  },
  'a presigned URL is good for no other method': {
    right: 'local-aws',
    because: 'moto answers 204',
  },
  'a presigned URL is good for no other key': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'a presigned URL expires': {
    right: 'local-aws',
    because: 'moto answers 200',
  },
  'a presigned URL lasts no longer than a week': {
    right: 'local-aws',
    because: 'moto answers 404 NoSuchKey',
  },
  'a name with letters that no name has is invalid': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'text and bytes at once are refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'more than 65,536 bytes are refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a secret that does not exist is not found': {
    right: 'local-aws',
    because: 'moto answers 404',
  },
  'a version that does not have the stage is refused': {
    right: 'local-aws',
    because: 'moto answers 404',
  },
  'a stage that no version has is not found': {
    right: 'local-aws',
    because: 'moto says it in other words',
  },
  'a wrong secret key is refused': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'the third value leaves the first without a stage': {
    right: 'local-aws',
    because: 'moto keeps it in the list, with no stage',
  },
  'twenty are the most': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'ids and filters exclude each other': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a current stage that moves leaves AWSPREVIOUS behind': {
    right: 'local-aws',
    because: 'moto leaves the current value where it was',
  },
  'a name that is about to go is not free': {
    right: 'local-aws',
    because: 'moto answers ResourceExistsException',
  },
  'a secret that is about to go takes no value': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
  'a token of the next page that is none is refused': {
    right: 'local-aws',
    because: 'moto answers what is no JSON',
  },
  'versions without a stage are listed only when they are asked for': {
    right: 'local-aws',
    because: 'moto always lists them',
  },
  'a reading is dated by its day': {
    right: 'local-aws',
    because: 'moto dates no reading',
  },
  'a secret that has no function cannot be rotated': {
    right: 'local-aws',
    because: 'moto accepts it',
  },
}
