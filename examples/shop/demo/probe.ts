import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a host answered since the last look. */
export interface Seen {
  readonly host: string
  readonly sent: number
  readonly failures: readonly string[]
  /** Which version answered, noted at each change. */
  readonly versions: readonly string[]
}

export interface Probe {
  /** What was seen since the last look, host by host. */
  readonly look: () => readonly Seen[]
  readonly stop: () => Promise<void>
}

/** Five hosts and all that serves them share two cores with the deploy itself. */
const pauseMs = 20

/** Requests the front page of every host again and again, as visitors would, until it is stopped. */
export function startProbe(hosts: readonly { readonly name: string; readonly url: string }[]): Probe {
  const stopping = new AbortController()
  const agent = new Agent({ keepAlive: true })
  const counts = new Map(hosts.map(({ name }) => [name, emptyCount()]))

  const visit = async (name: string, url: string) => {
    while (!stopping.signal.aborted) {
      const count = counts.get(name) ?? emptyCount()
      const answer = await request(url, agent)
      count.sent += 1
      if (answer.status === 200 && count.versions.at(-1) !== answer.version) count.versions.push(answer.version)
      if (answer.status !== 200) count.failures.push(answer.reason)
      await sleep(pauseMs)
    }
  }
  const visitors = hosts.map(({ name, url }) => visit(name, url))

  return {
    look: () =>
      [...counts].map(([host, { sent, failures, versions }]) => {
        counts.set(host, emptyCount())
        return { host, sent, failures, versions }
      }),
    stop: async () => {
      stopping.abort()
      await Promise.all(visitors)
      agent.destroy()
    },
  }
}

function emptyCount() {
  return { sent: 0, failures: [] as string[], versions: [] as string[] }
}

interface Answer {
  readonly status: number
  readonly version: string
  readonly reason: string
}

function request(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ status: 0, version: '', reason: error.message })
    const sent = get(url, { agent, timeout: 10_000 }, (response) => {
      const status = response.statusCode ?? 0
      const version = String(response.headers['x-shop-version'])
      response.on('error', failed)
      response.on('end', () => resolve({ status, version, reason: `answered ${status}` }))
      response.resume()
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')))
    sent.on('error', failed)
  })
}
