import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { walls } from '../../tools/walls.js'

const folder = import.meta.dirname

/** Prints the address of every module that is loaded. */
const trace = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module'
  register('data:text/javascript,' + encodeURIComponent(
    'export async function load(url, context, next) { process._rawDebug(url); return next(url, context) }'
  ))
`)}`

function entriesOf(name: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, '../../packages', name, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }
  // A bare path is a file to copy or to run; what is to be imported has types.
  return Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([entry]) => `@fairlead/${name}${entry.slice(1)}`)
}

describe.each(Object.keys(walls).flatMap(entriesOf))('%s', (entry) => {
  test('importing it loads no AWS SDK', () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--no-warnings',
        '--import',
        trace,
        '-e',
        `import('${entry}').then((it) => console.log(Object.keys(it).length))`,
      ],
      { cwd: folder, encoding: 'utf8' },
    )
    expect(Number(stdout), stderr).toBeGreaterThan(0)
    expect(stderr).toMatch(/packages\/[^/]+\/dist\//)
    expect(stderr.split('\n').filter((line) => /@(aws-sdk|smithy)\//.test(line))).toEqual([])
  })

  test('require() loads it too', () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--no-warnings', '-e', `console.log(Object.keys(require('${entry}')).length)`],
      { cwd: folder, encoding: 'utf8' },
    )
    expect(Number(stdout), stderr).toBeGreaterThan(0)
  })
})
