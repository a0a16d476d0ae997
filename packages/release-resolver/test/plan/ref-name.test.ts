import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultOfRefName } from '../../src/plan/ref-name.ts'

describe('the name of a tag or a branch', () => {
  test.each(['v1.0.0', 'release/2026-11-22', 'v1.0.0-rc.1+build', 'ünïcode', '@', 'a@b', 'refs/tags/v1', 'HEAD', '0'])(
    'may be %s',
    (name) => {
      expect(faultOfRefName(name)).toBeUndefined()
    },
  )

  test.each([
    ['no text', undefined, 'no text'],
    ['empty text', '', 'empty'],
    ['an option of git', '--upload-pack=touch /tmp/x', 'begins with -'],
    ['two dots', 'v1..0', 'two dots'],
    ['a range', 'main..v1', 'two dots'],
    ['a parent', 'v1^', '^'],
    ['a peeled tag', 'v1^{}', '^'],
    ['an ancestor', 'v1~2', '~'],
    ['a path of a tree', 'v1:secret', ':'],
    ['a pattern with *', 'v*', '*'],
    ['a pattern with ?', 'v?', '?'],
    ['a pattern with [', 'v[12]', '['],
    ['a backslash', 'v\\1', '\\'],
    ['a space', 'v 1', 'space'],
    ['a line feed', 'v1\nrefs/heads/main', 'control character'],
    ['a zero byte', 'v1\0', 'control character'],
    ['a reflog entry', 'v1@{1}', '@{'],
    ['a leading slash', '/v1', 'empty part'],
    ['a trailing slash', 'v1/', 'empty part'],
    ['two slashes', 'a//b', 'empty part'],
    ['a trailing dot', 'v1.', 'ends with a dot'],
    ['a part with a leading dot', 'a/.b', 'begins with a dot'],
    ['a part that ends with .lock', 'a.lock/b', '.lock'],
  ])('is not %s', (_name, name, reason) => {
    expect(faultOfRefName(name)).toContain(reason)
  })

  test('is one exactly where git says so, the leading - apart', () => {
    const letters = fc.constantFrom('a', 'v', '1', '.', '/', '-', '@', '{', '~', ' ', 'lock', '.lock', '*', '\\', 'é')
    const names = fc.array(letters, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(names, (name) => {
        fc.pre(!name.startsWith('-'))
        const { status } = spawnSync('git', ['check-ref-format', `refs/tags/${name}`])
        expect(faultOfRefName(name) === undefined).toBe(status === 0)
      }),
      { numRuns: 300 },
    )
  })
})
