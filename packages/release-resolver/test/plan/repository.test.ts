import { canary } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { readRepository, withoutSecrets } from '../../src/plan/repository.ts'

describe('a repository', () => {
  test.each([
    ['.', '.'],
    ['/srv/shop', '/srv/shop'],
    ['../shop.git', '../shop.git'],
    ['./a:b', './a:b'],
    ['C:\\shop', 'C:\\shop'],
    ['C:/shop', 'C:/shop'],
    ['file:///srv/the%20shop.git', '/srv/the shop.git'],
    ['file://localhost/srv/shop', '/srv/shop'],
  ])('%s is a folder of this machine', (given, path) => {
    expect(readRepository(given)).toEqual({ kind: 'local', path })
  })

  test.each([
    ['https://git.example.com/shop.git', 'https://git.example.com/shop.git'],
    ['https://token@git.example.com/shop.git', 'https://git.example.com/shop.git'],
    ['https://user:p%40ss@git.example.com/shop.git', 'https://git.example.com/shop.git'],
    ['https://git.example.com/shop.git?private_token=abc', 'https://git.example.com/shop.git'],
    ['http://127.0.0.1:8080/shop', 'http://127.0.0.1:8080/shop'],
    ['ssh://git@git.example.com:2222/shop.git', 'ssh://git@git.example.com:2222/shop.git'],
    ['ssh://git:secret@git.example.com/shop.git', 'ssh://git@git.example.com/shop.git'],
    ['git://git.example.com/shop.git', 'git://git.example.com/shop.git'],
    ['git@github.com:example/shop.git', 'git@github.com:example/shop.git'],
    ['host:shop', 'host:shop'],
  ])('%s is an address, shown as %s', (given, shown) => {
    expect(readRepository(given)).toMatchObject({ kind: 'remote', address: given, shown })
  })

  test.each([
    ['nothing', undefined, 'no text'],
    ['empty text', '', 'empty'],
    ['an option of git', '--upload-pack=touch x', 'begins with -'],
    ['a program behind ext::', 'ext::sh -c "touch x"', 'program'],
    ['another remote helper', 'fd::17', 'program'],
    ['a helper that looks like a URL', 'ext::https://example.com', 'program'],
    ['an option of ssh as a host', '-oProxyCommand=x:shop', 'begins with -'],
    ['an option of ssh as a host behind a user', 'git@-oProxyCommand=x:shop', 'host name'],
    ['an option of ssh as the host of a URL', 'ssh://-oProxyCommand=x/shop', 'host name'],
    ['no host', ':shop', 'host name'],
    ['a protocol that is not spoken', 'ftp://git.example.com/shop', 'protocols'],
    ['a file of another machine', 'file://fileserver/shop', 'another machine'],
    ['a line feed', 'https://git.example.com/\nshop', 'control character'],
    ['a URL that is none', 'https://git.example.com:port/shop', 'none'],
  ])('is not %s', (_name, given, fault) => {
    expect(readRepository(given)).toEqual({ fault: expect.stringContaining(fault) })
  })

  test('never shows a password, and takes it out of what git says', () => {
    const secret = canary()
    const encoded = encodeURIComponent(secret.value)
    for (const given of [
      `https://user:${encoded}@git.example.com/shop.git`,
      `https://${encoded}@git.example.com/shop.git`,
      `https://git.example.com/shop.git?token=${encoded}`,
      `ssh://git:${encoded}@git.example.com/shop.git`,
      `https://user:pa/${secret.value}@git.example.com/shop.git`,
      `https://user:${secret.value}@@git.example.com:port/shop.git`,
    ]) {
      const read = readRepository(given)
      if ('fault' in read) {
        expect(secret.leaksInto(JSON.stringify(read))).toBe(false)
        continue
      }
      if (read.kind !== 'remote') throw new Error('an address was expected')
      expect(secret.leaksInto(read.shown)).toBe(false)
      const said = withoutSecrets(
        `fatal: '${given}' not found; ${secret.value}; ${encoded}; Authentication failed for '${given}'`,
        read,
      )
      expect(secret.leaksInto(said)).toBe(false)
      expect(said).not.toContain(encoded)
    }
  })
})
