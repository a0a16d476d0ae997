import { describe, expect, test } from 'vitest'
import { findGroup, findUser } from '../../src/ports/accounts.ts'

/** These stand in /etc/passwd and /etc/group of every Unix. */
describe('an account of this machine', () => {
  test.each(['root', 0, '0'])('the user %s has number 0', async (user) => {
    expect(await findUser(user)).toEqual({ uid: 0, gid: 0 })
  })

  test('a group is found by name and by number', async () => {
    const gid = await findGroup('daemon')
    expect(gid).toEqual(expect.any(Number))
    expect(await findGroup(gid ?? -1)).toBe(gid)
  })

  test('the user of this process is found', async () => {
    const uid = process.getuid?.() ?? -1
    expect(await findUser(uid)).toMatchObject({ uid })
  })
})

describe('what this machine does not know', () => {
  // The name service's programs would take some of these for options, others for more than one name.
  test.each(['no-such-account', '', '--help', '-u', '-1', 'root ', 'root\nroot', 'a:b', 4_123_456])(
    '%j',
    async (name) => {
      expect(await findUser(name)).toBeUndefined()
      expect(await findGroup(name)).toBeUndefined()
    },
  )
})

test('a cancelled question rejects with the reason itself', async () => {
  const reason = new Error('enough')
  await expect(findUser('no-such-account', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
