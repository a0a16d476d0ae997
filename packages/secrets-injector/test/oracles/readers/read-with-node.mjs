// Reads .env.f0, .env.f1, … of a folder with a parser of Node; prints, for each, its variables in base64, or null where it throws.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

const [parser, folder, count] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const environment = { ...process.env }

/** What the parser would put into process.env, which is given back afterwards. */
function expandWith(name) {
  const { parse } = require('dotenv16')
  const { expand } = require(name)
  return (text) => expand({ parsed: parse(text), processEnv: { ...environment } }).parsed
}

function restoreEnvironment() {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  Object.assign(process.env, environment)
}

function withoutEnvironment(variables) {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !(name in environment)))
}

const parsers = {
  dotenv16: () => require('dotenv16').parse,
  dotenv18: () => require('dotenv18').parse,
  expand1000: () => expandWith('dotenv-expand1000'),
  expand12: () => expandWith('dotenv-expand12'),
  next: () => {
    const { processEnv, resetEnv } = require('@next/env')
    return (contents) => {
      const [all] = processEnv([{ path: '.env', contents, env: {} }], folder, console, true)
      // eslint-disable-next-line @typescript-eslint/no-unused-vars
      const { __NEXT_PROCESSED_ENV, ...variables } = withoutEnvironment(all)
      resetEnv()
      restoreEnvironment()
      return variables
    }
  },
  vite5: async () => viteReader(await import('vite5')),
  vite8: async () => viteReader(await import('vite')),
  parseEnv: () => parseEnv,
  dotenvx: () => {
    const { parse } = require('@dotenvx/dotenvx')
    return (text) => parse(text, { processEnv: { ...environment } })
  },
}

function viteReader({ loadEnv }) {
  return (_, index) => {
    const variables = withoutEnvironment(loadEnv(`f${index}`, folder, ''))
    restoreEnvironment()
    return variables
  }
}

const read = await parsers[parser]()
const answers = Array.from({ length: Number(count) }, (_, index) => {
  try {
    const variables = read(readFileSync(join(folder, `.env.f${index}`), 'utf8'), index)
    return Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    )
  } catch {
    return null
  }
})
process.stdout.write(JSON.stringify(answers))
