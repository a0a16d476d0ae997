import { covers, type Grant } from './grant.ts'
import { evaluate, type AccessRequest, type Statement } from './policy.ts'

/** Who a key belongs to, and what IAM lets them do. */
export interface Caller {
  readonly arn: string
  readonly userId: string
  readonly allow: readonly Grant[]
  readonly deny: readonly Grant[]
}

/** An action on a resource that a request needs. */
export interface Need {
  readonly action: string
  /** An ARN, or `*` where the action knows no resource. */
  readonly resource: string
}

/** One `*` on `*`: what the first user and the role of the hosts have. */
export const everything: readonly Grant[] = [{ action: '*', resource: '*' }]

/**
 * Why a caller may not do what a request needs, in AWS's words; `undefined` where they may. Within one account it is
 * enough that either the caller's or the resource's policy allows, and any denial ends it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function refusal(
  caller: Caller,
  need: Need,
  resourcePolicy: {
    readonly statements: readonly Statement[]
    readonly request: Omit<AccessRequest, 'action' | 'resource'>
  } = {
    statements: [],
    request: { principalArn: caller.arn, account: '', facts: new Map() },
  },
): string | undefined {
  const applies = (grant: Grant) => covers(grant, need.action, need.resource)
  const resourceSays = evaluate(resourcePolicy.statements, { ...resourcePolicy.request, ...need })
  const because = caller.deny.some(applies)
    ? 'with an explicit deny in an identity-based policy'
    : resourceSays === 'deny'
      ? 'with an explicit deny in a resource-based policy'
      : caller.allow.some(applies) || resourceSays === 'allow'
        ? undefined
        : `because no identity-based policy allows the ${need.action} action`
  return (
    because &&
    `User: ${caller.arn} is not authorized to perform: ${need.action} on resource: ${need.resource} ${because}`
  )
}
