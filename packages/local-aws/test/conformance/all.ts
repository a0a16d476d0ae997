import { bucketCases, listCases, objectCases } from './objects.ts'
import { secretCases } from './secrets.ts'
import { signatureCases } from './signatures.ts'
import type { ConformanceCase } from './suite.ts'
import { checksumCases, conditionalWriteCases, multipartCases, policyCases, versionCases } from './writes.ts'

/** Every case, by what it is about. A name is a sentence, and there once. */
export const suite: Readonly<Record<string, readonly ConformanceCase[]>> = {
  buckets: bucketCases,
  objects: objectCases,
  listings: listCases,
  'conditional writes': conditionalWriteCases,
  checksums: checksumCases,
  'uploads in parts': multipartCases,
  versions: versionCases,
  'bucket policies': policyCases,
  signatures: signatureCases,
  'Secrets Manager': secretCases,
}
