import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for `AWS_DATA_PATH`. */
export interface CliEndpoints {
  readonly folder: string
  readonly close: () => Promise<void>
}

/**
 * Tells botocore, on which the `aws` CLI is built, that S3 is here and nowhere else. `aws deploy push` hands
 * `--endpoint-url` to CodeDeploy and not to S3 (`awscli/customizations/codedeploy/push.py`), and Debian 12's CLI (2.9)
 * knows no variable for an endpoint. Whatever release looks endpoints up in rules looks for them in this path first.
 */
export async function openCliEndpoints(options: {
  readonly endpoint: string
  readonly region: string
}): Promise<CliEndpoints> {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-cli-'))
  const service = join(folder, 's3', '2006-03-01')
  await mkdir(service, { recursive: true })
  await writeFile(join(service, 'endpoint-rule-set-1.json'), JSON.stringify(endpointRules(options)))
  return { folder, close: () => rm(folder, { recursive: true, force: true }) }
}

/** Rules in the form of botocore's own: path style, whatever else a call is about. */
function endpointRules({ endpoint, region }: { readonly endpoint: string; readonly region: string }) {
  const authSchemes = [{ name: 'sigv4', signingName: 's3', signingRegion: region, disableDoubleEncoding: true }]
  const to = (url: string) => ({ url, properties: { authSchemes }, headers: {} })
  const parameter = { required: false, type: 'String', documentation: '' }
  return {
    version: '1.0',
    parameters: { Bucket: parameter, Region: { ...parameter, builtIn: 'AWS::Region' } },
    rules: [
      {
        type: 'endpoint',
        conditions: [{ fn: 'isSet', argv: [{ ref: 'Bucket' }] }],
        endpoint: to(`${endpoint}/{Bucket}`),
      },
      { type: 'endpoint', conditions: [], endpoint: to(endpoint) },
    ],
  }
}
