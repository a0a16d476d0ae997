import { matchesPattern } from './grant.ts'

/** A request as a policy sees it. */
export interface AccessRequest {
  readonly principalArn: string
  readonly account: string
  readonly action: string
  readonly resource: string
  /** Condition keys in lower case, `s3:if-none-match`; a key that the request does not have is missing. */
  readonly facts: ReadonlyMap<string, string>
}

/** A statement of a resource's policy, read and checked. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly principals: readonly string[]
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly conditions: readonly Condition[]
}

export interface Condition {
  /** In lower case, `ifexists` cut off. */
  readonly operator: string
  readonly ifExists: boolean
  /** In lower case. */
  readonly key: string
  readonly values: readonly string[]
}

type Test = (actual: string, wanted: string) => boolean

/** Operators of one value that hold if any of the wanted values does. */
const positive: Readonly<Record<string, Test>> = {
  stringequals: (actual, wanted) => actual === wanted,
  stringequalsignorecase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  stringlike: (actual, wanted) => matchesPattern(wanted, actual),
  arnequals: (actual, wanted) => matchesPattern(wanted, actual),
  arnlike: (actual, wanted) => matchesPattern(wanted, actual),
  bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  numericequals: (actual, wanted) => Number(actual) === Number(wanted),
  numericlessthan: (actual, wanted) => Number(actual) < Number(wanted),
  numericlessthanequals: (actual, wanted) => Number(actual) <= Number(wanted),
  numericgreaterthan: (actual, wanted) => Number(actual) > Number(wanted),
  numericgreaterthanequals: (actual, wanted) => Number(actual) >= Number(wanted),
}

/** Operators that hold if none of the wanted values is met; they hold too where the key is missing. */
const negative: Readonly<Record<string, Test>> = {
  stringnotequals: positive['stringequals'] as Test,
  stringnotequalsignorecase: positive['stringequalsignorecase'] as Test,
  stringnotlike: positive['stringlike'] as Test,
  arnnotequals: positive['arnequals'] as Test,
  arnnotlike: positive['arnlike'] as Test,
  numericnotequals: positive['numericequals'] as Test,
}

/** The operators of conditions that can be evaluated, in lower case. */
export function isKnownOperator(operator: string): boolean {
  return operator === 'null' || Object.hasOwn(positive, operator) || Object.hasOwn(negative, operator)
}

/** What the statements of a resource's policy say: a denial outweighs every permission. */
export function evaluate(statements: readonly Statement[], request: AccessRequest): 'allow' | 'deny' | 'silent' {
  const applying = statements.filter((statement) => applies(statement, request))
  if (applying.some(({ effect }) => effect === 'Deny')) return 'deny'
  return applying.length > 0 ? 'allow' : 'silent'
}

function applies(statement: Statement, request: AccessRequest): boolean {
  return (
    statement.principals.some((principal) => isPrincipal(principal, request)) &&
    statement.actions.some((action) => matchesPattern(action.toLowerCase(), request.action.toLowerCase())) &&
    statement.resources.some((resource) => matchesPattern(resource, request.resource)) &&
    statement.conditions.every((condition) => holds(condition, request.facts))
  )
}

/** The account, or its root, stands for everybody in it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function isPrincipal(principal: string, { principalArn, account }: AccessRequest): boolean {
  return ['*', account, `arn:aws:iam::${account}:root`, principalArn].includes(principal)
}

function holds({ operator, ifExists, key, values }: Condition, facts: ReadonlyMap<string, string>): boolean {
  const actual = facts.get(key)
  if (operator === 'null') return values.some((wanted) => wanted.toLowerCase() === String(actual === undefined))
  const not = negative[operator]
  if (not) return actual === undefined || !values.some((wanted) => not(actual, wanted))
  if (actual === undefined) return ifExists
  return values.some((wanted) => positive[operator]?.(actual, wanted))
}
