import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { onTestFinished } from 'vitest'

export interface Call {
  readonly action: string
  readonly input: {
    readonly SecretId?: string
    readonly SecretIdList?: readonly string[]
    readonly NextToken?: string
    readonly VersionId?: string
    readonly VersionStage?: string
  }
}

/** What the server says: an answer as it is, a cut connection, no answer at all. */
export type Reply =
  | { readonly status?: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'cut'
  | 'silence'

/** Answers a call, or leaves it to the ordinary behaviour with `undefined`. */
export type Script = (call: Call, index: number) => Reply | undefined

export interface ScriptedServer {
  readonly endpoint: string
  readonly calls: readonly Call[]
  /** A client that tries each call once. */
  readonly client: SecretsManagerClient
}

export function failure(name: string, message = '', status = 400): Reply {
  return { status, body: { __type: name, message } }
}

export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`
}

export function answerOf(name: string, value: string | Uint8Array) {
  const held =
    typeof value === 'string' ? { SecretString: value } : { SecretBinary: Buffer.from(value).toString('base64') }
  return { ARN: arnOf(name), Name: name, VersionId: `v-${name}`, VersionStages: ['AWSCURRENT'], ...held }
}

/** A Secrets Manager of a few secrets, over HTTP, which does what a script says where it says something. */
export async function startScriptedServer(
  secrets: Readonly<Record<string, string | Uint8Array>>,
  script: Script = () => undefined,
): Promise<ScriptedServer> {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const action = String(request.headers['x-amz-target']).split('.')[1] ?? ''
      const call: Call = { action, input: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Call['input'] }
      calls.push(call)
      const reply = script(call, calls.length - 1) ?? ordinaryReply(secrets, call)
      if (reply === 'silence') return
      if (reply === 'cut') {
        request.socket.destroy()
        return
      }
      const { status = 200, body, headers = { 'content-type': 'application/x-amz-json-1.1' } } = reply
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new SecretsManagerClient({
    endpoint,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
  })
  onTestFinished(() => {
    client.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { endpoint, calls, client }
}

function ordinaryReply(secrets: Readonly<Record<string, string | Uint8Array>>, { action, input }: Call): Reply {
  const find = (id: string) =>
    Object.entries(secrets).find(([name]) => id === name || id === arnOf(name) || arnOf(name) === `${id}-AbCdEf`)
  if (action === 'GetSecretValue') {
    const found = find(input.SecretId ?? '')
    if (!found) return failure('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    return {
      body: {
        ...answerOf(...found),
        ...(input.VersionId ? { VersionId: input.VersionId } : {}),
        ...(input.VersionStage ? { VersionStages: [input.VersionStage], VersionId: `v-${input.VersionStage}` } : {}),
      },
    }
  }
  const ids = input.SecretIdList ?? []
  const missing = ids.filter((id) => !find(id))
  return {
    body: {
      // Their order is not promised.
      SecretValues: ids
        .map(find)
        .filter((found) => found !== undefined)
        .map((found) => answerOf(...found))
        .reverse(),
      Errors: missing.map((id) => ({ SecretId: id, ErrorCode: 'ResourceNotFoundException', Message: 'not there' })),
    },
  }
}
