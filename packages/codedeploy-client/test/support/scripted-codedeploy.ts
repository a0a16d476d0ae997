import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CodeDeployClient, type CodeDeployClientConfig } from '@aws-sdk/client-codedeploy'
import { onTestFinished } from 'vitest'

export type Input = Readonly<Record<string, unknown>>

/** A request as the server received it. */
interface Call {
  readonly action: string
  readonly input: Input
}

/** An answer that is not a result. */
export class Fault {
  readonly kind: 'error' | 'hang-up' | 'silence' | 'page'
  readonly name: string
  readonly status: number
  readonly message: string

  constructor(kind: Fault['kind'], name = '', status = 400, message = `${name} happened`) {
    this.kind = kind
    this.name = name
    this.status = status
    this.message = message
  }
}

export const fault = (name: string, status?: number, message?: string) => new Fault('error', name, status, message)
/** Closes the connection without a word: whatever the handler did before has taken effect. */
export const hangUp = () => new Fault('hang-up')
/** Leaves the connection open and says nothing. */
export const silence = () => new Fault('silence')
/** What a proxy answers in the place of the service. */
export const page = (status: number) => new Fault('page', '', status)

export type Handler = (input: Input, call: { readonly count: number }) => unknown

/** A server that speaks awsJson1.1 with the real SDK, and answers what a test says. */
export async function scriptedCodeDeploy(handlers: Readonly<Record<string, Handler>>) {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const action = String(request.headers['x-amz-target']).replace('CodeDeploy_20141006.', '')
      const input = JSON.parse(body) as Input
      calls.push({ action, input })
      const handler = handlers[action]
      const count = calls.filter((call) => call.action === action).length
      const answer = handler ? handler(input, { count }) : fault('UnscriptedAction', 400, `${action} has no handler`)
      if (!(answer instanceof Fault)) {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer ?? {}))
      } else if (answer.kind === 'hang-up') request.socket.destroy()
      else if (answer.kind === 'page') {
        response.writeHead(answer.status, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>')
      } else if (answer.kind === 'error') {
        const { name, message } = answer
        response
          .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify({ __type: name, message }))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const makeClient = (config: CodeDeployClientConfig = {}) => {
    const client = new CodeDeployClient({
      endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      // The SDK's own pauses are its business; the tests of this package do not wait for them.
      maxAttempts: 1,
      ...config,
    })
    onTestFinished(() => client.destroy())
    return client
  }
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return {
    endpoint,
    calls,
    client: makeClient(),
    makeClient,
    close,
    connections: () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    callsOf: (action: string) => calls.filter((call) => call.action === action).map(({ input }) => input),
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString('utf8')
}

/** Seconds since 1970, as times are written on the wire. */
export const epoch = (iso: string) => Date.parse(iso) / 1_000
