#!/usr/bin/env node
/** Smoke test of the live release: every product can be ordered, and a session can be signed. */
import { host, say } from './host.ts'

async function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${host.url}${path}`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(5000) })
}

async function smokeTest(): Promise<readonly string[]> {
  const failures: string[] = []
  const products = (await (await fetch(`${host.url}/products`)).json()) as { id: string; name: string }[]
  for (const { id, name } of products) {
    const answer = await post('/orders', { product: id })
    if (answer.status === 201) say(`ordered: ${name}`)
    else failures.push(`${name} cannot be ordered: ${answer.status} ${await answer.text()}`)
  }
  const session = await post('/sessions', {})
  if (session.status !== 201) failures.push(`no session: ${session.status} ${await session.text()}`)
  return failures
}

const failures = await smokeTest()
for (const failure of failures) say(`SMOKE TEST FAILED: ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1
