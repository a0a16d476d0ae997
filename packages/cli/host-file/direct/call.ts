import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Access } from './access.ts'
import { signedHeaders } from './signature.ts'

/**
 * One call of Secrets Manager, in AWS JSON 1.1.
 *
 * @returns the answer as the SDK gives it; `undefined` where the service refused
 * @throws where there is no answer, or it is of another form
 */
export async function callDirectly(
  access: Access,
  { action, input }: { readonly action: string; readonly input: object },
  signal: AbortSignal,
): Promise<object | undefined> {
  const { url, region, credentials, agent } = access
  const service = 'secretsmanager'
  const body = JSON.stringify(input)
  const post = {
    host: url.host,
    region,
    service,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${service}.${action}` },
    body,
  }
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const headers = {
    ...signedHeaders(post, credentials, new Date()),
    'content-length': Buffer.byteLength(body),
    'user-agent': 'fairlead-host',
  }
  const sent = request(url, { method: 'POST', headers, agent, signal })
  // What is torn off after the head of the answer arrived is told by the answer too.
  sent.on('error', () => {})
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const text = await textOf(answer)
  return answer.statusCode === 200 ? withBytes(JSON.parse(text)) : undefined
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString('utf8')
}

type Member = 'Name' | 'ARN' | 'VersionId' | 'SecretString' | 'SecretBinary'

/** Bytes are base64 on the wire. */
function withBytes(answer: unknown): object {
  if (typeof answer !== 'object' || answer === null) throw new Error('no object')
  const { SecretValues: values, ...members } = answer as { readonly SecretValues?: unknown[] }
  for (const name of ['Name', 'ARN', 'VersionId', 'SecretString', 'SecretBinary'] satisfies Member[]) {
    const member = (members as Partial<Record<Member, unknown>>)[name]
    if (member !== undefined && typeof member !== 'string') throw new Error('no text')
  }
  const { SecretBinary: binary } = members as { readonly SecretBinary?: string }
  return {
    ...members,
    ...(binary === undefined ? {} : { SecretBinary: bytesOf(binary) }),
    ...(values === undefined ? {} : { SecretValues: values.map(withBytes) }),
  }
}

/** @throws Error for what is no base64: Buffer would leave out what it does not know */
function bytesOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64) throw new Error('no base64')
  return bytes
}
