import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { CodeDeployClient } from '@aws-sdk/client-codedeploy'
import type { JsonObject } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { onTestFinished } from 'vitest'
import { createCodeDeploy, type CodeDeployOptions, type CodeDeployService } from '../../src/codedeploy/service.ts'
import { ServiceFault } from '../../src/service.ts'
import { account, region } from './scripted.ts'

export interface Loopback {
  readonly client: CodeDeployClient
  readonly service: CodeDeployService
  /** The folder of a host. */
  readonly folder: (host: string) => string
  readonly put: (key: string, body: Buffer) => void
}

/**
 * The service with real agents on hosts of their own, and the real SDK in front of it over real HTTP. The server only
 * carries: signatures and S3 have tests of their own.
 */
export async function loopback(hosts: readonly string[], options: Partial<CodeDeployOptions> = {}): Promise<Loopback> {
  const root = temporaryFolder()
  const objects = new Map<string, Buffer>()
  const service = createCodeDeploy({
    account,
    region,
    hosts: hosts.map((name) => ({ name, folder: `${root}/${name}`, environment: { HOST_NAME: name } })),
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts, autoRollback: ['failure'] }] }],
    fetchRevision: ({ key }) => {
      const body = objects.get(key)
      return body
        ? Promise.resolve({ eTag: '"right"', body: chunks(body) })
        : Promise.reject(Object.assign(new Error('The specified key does not exist.'), { code: 'NoSuchKey' }))
    },
    ...options,
  })
  const server = createServer((request, response) => {
    const [prefix, action = ''] = String(request.headers['x-amz-target']).split('.')
    const { signal } = new AbortController()
    const answer = async () => {
      const input = JSON.parse(await text(request)) as JsonObject
      if (prefix !== service.targetPrefix) throw new Error(`the SDK asked ${prefix}`)
      return service.handle(action, input, { account, region, signal })
    }
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    }
    void answer().then(
      (output) => send(200, output),
      (error: unknown) => {
        if (!(error instanceof ServiceFault)) throw error
        send(error.httpStatus, { __type: error.name, message: error.message })
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new CodeDeployClient({
    region,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  onTestFinished(async () => {
    await service.close()
    client.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { client, service, folder: (host) => `${root}/${host}`, put: (key, body) => void objects.set(key, body) }
}

async function* chunks(body: Buffer): AsyncIterable<Uint8Array> {
  yield body
}
