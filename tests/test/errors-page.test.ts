import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorPage } from '../../tools/write-error-page.js'
import { walls } from '../../tools/walls.js'

const root = join(import.meta.dirname, '../..')

test('docs/errors.md is what the catalogues say', async () => {
  expect(readFileSync(join(root, 'docs/errors.md'), 'utf8')).toBe(await errorPage())
})

test.each(Object.keys(walls).filter((name) => name !== 'core'))(
  "%s's README names every code of its catalogue",
  async (name) => {
    const page = await errorPage()
    const section = page.split(`## @fairlead/${name}\n`)[1]?.split('\n## ')[0] ?? ''
    const codes = [...section.matchAll(/^### ([A-Z0-9_]+)$/gm)].map(([, code]) => code)
    const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')
    expect(codes.filter((code) => code !== undefined && !readme.includes(code))).toEqual([])
  },
)
