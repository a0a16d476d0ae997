import { isKnownOperator, type Condition, type Statement } from '../permissions/policy.ts'
import { S3Fault, s3Faults } from './fault.ts'

/** The condition keys that a request is described by; what is not here would silently never hold. */
const knownKeys = [
  'aws:principalaccount',
  'aws:principalarn',
  'aws:securetransport',
  'aws:username',
  's3:authtype',
  's3:delimiter',
  's3:if-match',
  's3:if-none-match',
  's3:max-keys',
  's3:objectcreationoperation',
  's3:prefix',
  's3:signatureversion',
  's3:versionid',
  's3:x-amz-acl',
  's3:x-amz-content-sha256',
  's3:x-amz-copy-source',
  's3:x-amz-metadata-directive',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  's3:x-amz-storage-class',
] as const

/**
 * Reads the policy of a bucket. What S3 refuses is MalformedPolicy; what it would accept and this server cannot evaluate
 * is refused by name, because a statement that never applies looks like one that holds.
 */
export function parseBucketPolicy(text: string, bucketName: string): readonly Statement[] {
  const policy = parseObject(text)
  requireMembers('the policy', policy, ['Version', 'Id', 'Statement'])
  const version = policy['Version'] ?? '2008-10-17'
  if (version !== '2012-10-17' && version !== '2008-10-17')
    throw malformed('The policy must contain a valid version string')
  const statements = policy['Statement'] === undefined ? [] : [policy['Statement']].flat()
  if (statements.length === 0) throw malformed('Missing required field Statement')
  return statements.map((statement) => parseStatement(asObject(statement), bucketName))
}

function parseStatement(statement: Readonly<Record<string, unknown>>, bucketName: string): Statement {
  requireMembers('a statement', statement, ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'])
  const effect = statement['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}`)
  const actions = texts(statement['Action'], 'Action')
  const wrongAction = actions.find((action) => action !== '*' && !/^s3:/i.test(action))
  if (wrongAction !== undefined) throw malformed('Policy has invalid action')
  const resources = texts(statement['Resource'], 'Resource')
  const arn = `arn:aws:s3:::${bucketName}`
  if (resources.some((resource) => resource !== arn && !resource.startsWith(`${arn}/`))) {
    throw malformed('Policy has invalid resource')
  }
  return {
    effect,
    principals: parsePrincipals(statement['Principal']),
    actions,
    resources,
    conditions: parseConditions(statement['Condition']),
  }
}

function parsePrincipals(principal: unknown): readonly string[] {
  if (principal === undefined) throw malformed('Missing required field Principal')
  if (principal === '*') return ['*']
  const members = asObject(principal)
  const [other] = Object.keys(members).filter((name) => name !== 'AWS')
  if (other !== undefined) throw s3Faults.notImplemented(`Principal/${other} in a bucket policy`)
  return texts(members['AWS'], 'Principal/AWS')
}

function parseConditions(condition: unknown): readonly Condition[] {
  if (condition === undefined) return []
  return Object.entries(asObject(condition)).flatMap(([operatorName, keys]) => {
    const ifExists = /ifexists$/i.test(operatorName)
    const operator = operatorName.toLowerCase().replace(/ifexists$/, '')
    if (!isKnownOperator(operator)) throw s3Faults.notImplemented(`the condition ${operatorName} in a bucket policy`)
    return Object.entries(asObject(keys)).map(([keyName, values]) => {
      const key = keyName.toLowerCase()
      if (!(knownKeys as readonly string[]).includes(key)) {
        throw s3Faults.notImplemented(`the condition key ${keyName} in a bucket policy`)
      }
      return { operator, ifExists, key, values: [values].flat().map(String) }
    })
  })
}

function texts(value: unknown, name: string): readonly string[] {
  if (value === undefined) throw malformed(`Missing required field ${name}`)
  const all: readonly unknown[] = [value].flat()
  const isText = (one: unknown) => typeof one === 'string'
  if (all.length === 0 || !all.every(isText)) throw malformed(`${name} must be text or a list of it`)
  return all as readonly string[]
}

function requireMembers(where: string, value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const other = Object.keys(value).find((name) => !known.includes(name))
  if (other === undefined) return
  // NotAction and its like are good policy language.
  if (/^Not(Action|Principal|Resource)$/.test(other)) throw s3Faults.notImplemented(`${other} in a bucket policy`)
  throw malformed(`Unknown field ${other} in ${where}`)
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text))
  } catch (error) {
    if (error instanceof S3Fault) throw error
    throw malformed('This policy contains invalid Json')
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed("Policies must be valid JSON and the first byte must be '{'")
  }
  return value as Readonly<Record<string, unknown>>
}

function malformed(message: string): S3Fault {
  return new S3Fault('MalformedPolicy', message, 400)
}
