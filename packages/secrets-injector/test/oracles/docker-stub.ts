/** As much of a Docker daemon as `docker create` talks to: it keeps the environment that it is sent, and then refuses. */
import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'

export interface DockerStub {
  readonly socket: string
  /** The variables of the last container that was asked for, if one was. */
  readonly takeVariables: () => Readonly<Record<string, string>> | undefined
  readonly close: () => Promise<void>
}

export async function startDockerStub(socket: string): Promise<DockerStub> {
  let taken: Readonly<Record<string, string>> | undefined
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const isCreate = request.url?.includes('/containers/create') ?? false
      if (isCreate) taken = variablesOf(body)
      response.writeHead(isCreate ? 400 : 200, { 'Api-Version': '1.43', 'Content-Type': 'application/json' })
      response.end(isCreate ? '{"message":"seen"}' : 'OK')
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    socket,
    takeVariables: () => {
      const answer = taken
      taken = undefined
      return answer
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function variablesOf(body: string): Readonly<Record<string, string>> {
  const { Env } = JSON.parse(body) as { Env: readonly string[] | null }
  return Object.fromEntries(
    (Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}
