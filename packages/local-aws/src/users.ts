import { randomBytes, randomInt } from 'node:crypto'
import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { everything, type Caller } from './permissions/access.ts'
import { parseGrant, type Grant } from './permissions/grant.ts'
import type { Permissions, UserSeed } from './model.ts'
import type { Credentials } from './sigv4/verify.ts'

/** A key and whose it is. */
export interface Key {
  readonly credentials: Credentials
  readonly caller: Caller
}

/** The keys that may sign. */
export interface Users {
  /** The first user, who may do everything. */
  readonly owner: Key
  /** The temporary key of the role that the hosts have; it may do everything, too. */
  readonly role: Key
  readonly add: (user: UserSeed) => Key
  readonly findCredentials: (accessKeyId: string) => Credentials | undefined
  readonly identify: (accessKeyId: string) => Caller
}

export function createUsers(account: string, hostRole: Permissions | undefined): Users {
  const keys = new Map<string, Key>()
  const keep = (key: Key) => {
    keys.set(key.credentials.accessKeyId, key)
    return key
  }
  const owner = keep(userKey(account, { name: ownerName }, everything))
  const role = keep(roleKey(account, hostRole ? readPermissions('startLocalAws hostRole', hostRole) : whole))
  const names = new Set([ownerName])
  return {
    owner,
    role,
    add: (user) => {
      const { allow, deny } = checkedUser(user, names)
      names.add(user.name)
      return keep(userKey(account, user, allow, deny))
    },
    findCredentials: (accessKeyId) => keys.get(accessKeyId)?.credentials,
    identify: (accessKeyId) => {
      const key = keys.get(accessKeyId)
      if (!key) throw new Error('a key that was verified is not known')
      return key.caller
    },
  }
}

const ownerName = 'local-aws'
const whole: Granted = { allow: everything, deny: [] }

interface Granted {
  readonly allow: readonly Grant[]
  readonly deny: readonly Grant[]
}

function userKey(account: string, { name }: UserSeed, allow: readonly Grant[], deny: readonly Grant[] = []): Key {
  return {
    credentials: { accessKeyId: `AKIA${letters(16)}`, secretAccessKey: newSecretAccessKey() },
    caller: { arn: `arn:aws:iam::${account}:user/${name}`, userId: `AIDA${letters(17)}`, allow, deny },
  }
}

function roleKey(account: string, granted: Granted): Key {
  const session = `i-${randomBytes(9).toString('hex').slice(0, 17)}`
  return {
    credentials: {
      accessKeyId: `ASIA${letters(16)}`,
      secretAccessKey: newSecretAccessKey(),
      sessionToken: randomBytes(96).toString('base64'),
    },
    caller: {
      arn: `arn:aws:sts::${account}:assumed-role/local-aws-host/${session}`,
      userId: `AROA${letters(17)}:${session}`,
      ...granted,
    },
  }
}

function letters(count: number): string {
  return Array.from({ length: count }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomInt(32)]).join('')
}

function newSecretAccessKey(): string {
  return randomBytes(30).toString('base64')
}

function checkedUser(user: UserSeed, taken: ReadonlySet<string>): Granted {
  const { name, ...permissions } = user
  if (typeof name !== 'string' || !/^[\w+=,.@-]{1,64}$/.test(name) || taken.has(name)) {
    const expected = 'a name that IAM allows, and that no other user has'
    throw coreErrors.INVALID_OPTION({ verb: 'addUser', option: 'name', given: describeValue(name), expected })
  }
  return readPermissions('addUser', permissions)
}

function readPermissions(verb: string, permissions: Permissions): Granted {
  checkOptions(verb, permissions, ['allow', 'deny'])
  const refuse = (option: string, given: unknown, expected: string) =>
    coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
  const read = (option: 'allow' | 'deny') => {
    const texts: unknown = permissions[option] ?? []
    if (!Array.isArray(texts)) throw refuse(option, texts, 'a list')
    return texts.map((text: unknown, index) => {
      const grant = typeof text === 'string' ? parseGrant(text) : undefined
      if (!grant) throw refuse(`${option}[${index}]`, text, 'for example "s3:PutObject on arn:aws:s3:::bucket/*"')
      return grant
    })
  }
  return { allow: read('allow'), deny: read('deny') }
}
