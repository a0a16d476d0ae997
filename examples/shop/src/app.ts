import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Eta } from 'eta'
import { SignJWT } from 'jose'
import { catalogue } from './catalogue.ts'
import { readSettings, type Settings } from './settings.ts'
import { version } from './version.ts'

/** The application of one release, as the web server of the host calls it. */
export type App = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Opens the release that stands in `folder`. */
export async function createApp(folder: string): Promise<App> {
  const settings = await readSettings(folder)
  const commit = await readCommit(folder)
  const eta = new Eta({ views: join(folder, 'views'), cache: true })

  const routes: Record<string, (request: IncomingMessage) => Promise<Answer>> = {
    'GET /': async () => page(await eta.renderAsync('home', { shopName: settings.shopName, catalogue, version })),
    'GET /health': async () => json(200, { status: 'ok', version, commit }),
    'GET /products': async () => json(200, catalogue),
    'GET /style.css': async () => ({
      status: 200,
      type: 'text/css',
      body: await readFile(join(folder, 'public/style.css'), 'utf8'),
    }),
    'POST /sessions': async () => json(201, { token: await signSession(settings) }),
    'POST /orders': async (request) => order(JSON.parse(await readBody(request)) as { product?: string }, settings),
  }

  return async (request, response) => {
    const route = routes[`${request.method} ${request.url}`]
    const answer = route ? await route(request) : json(404, { error: `nothing at ${request.url}` })
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'x-release-commit': commit,
      'x-shop-version': version,
    })
    response.end(answer.body)
  }
}

function order({ product }: { product?: string }, { maxOrderEur }: Settings): Answer {
  const chosen = catalogue.find(({ id }) => id === product)
  if (!chosen) return json(404, { error: `no product ${product}` })
  if (chosen.priceEur > maxOrderEur) {
    return json(422, { error: `${chosen.priceEur} EUR is over the limit of ${maxOrderEur} EUR for one order here` })
  }
  return json(201, { ordered: chosen.id })
}

function signSession({ sessionKey, shopName }: Settings): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(shopName)
    .setExpirationTime('15m')
    .sign(sessionKey)
}

/** The build wrote the commit into the artifact; a folder that nobody built has none. */
async function readCommit(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, '.fairlead/manifest.json'), 'utf8')) as { commit: string }
  return manifest.commit
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function page(body: string): Answer {
  return { status: 200, type: 'text/html; charset=utf-8', body }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}
