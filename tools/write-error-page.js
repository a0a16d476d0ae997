/**
 * Writes docs/errors.md from the catalogues of the built packages. `npm run docs:errors` writes it; the parity test in
 * tests/ holds the page to what this makes.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { walls } from './walls.js'

const root = join(import.meta.dirname, '..')

/** The catalogue that a package exports: the one object whose values are all entries of errors. */
async function catalogueOf(name) {
  const exported = await import(join(root, 'packages', name, 'dist/index.js'))
  const isEntry = (value) => typeof value === 'function' && typeof value.code === 'string' && value.package === name
  return Object.values(exported).find(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).length > 0 &&
      Object.values(value).every(isEntry),
  )
}

function describe(entry) {
  const { code, description } = entry
  const { message, hint, retryable, example } = entry(description.example)
  const facts = Object.keys(example ?? description.example)
    .map((name) => `\`${name}\``)
    .join(', ')
  return [
    `### ${code}`,
    '',
    ...message.split('\n').map((line) => `> ${line.trimEnd()}`.trimEnd()),
    '',
    hint,
    '',
    `Context: ${facts || 'none'}.${retryable ? ' The same call may succeed later.' : ''}`,
    '',
  ].join('\n')
}

/** The whole page; the messages are those of made-up cases. */
export async function errorPage() {
  const sections = []
  for (const name of Object.keys(walls)) {
    const catalogue = await catalogueOf(name)
    if (!catalogue) continue
    const entries = Object.values(catalogue).sort((a, b) => (a.code < b.code ? -1 : 1))
    sections.push(`## @fairlead/${name}\n\n${entries.map(describe).join('\n')}`)
  }
  return `# Errors

Every error is a \`DeployError\` of \`@fairlead/core\`: recognise it with \`isDeployError(error, entry)\`, which narrows
\`context\`. The messages below are of made-up cases. This page is written by \`npm run docs:errors\`.

${sections.join('\n')}`
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(root, 'docs/errors.md'), await errorPage())
}
