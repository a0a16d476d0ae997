import { nonEmptyText, object, optional, recordReader } from '../read.ts'

export const targetShape = object({
  /** Account id of twelve digits. Left out: the account of the credentials. */
  account: optional(nonEmptyText),
  /** Left out: the region of the environment. */
  region: optional(nonEmptyText),
  application: nonEmptyText,
  deploymentGroup: nonEmptyText,
})

/** Where a deployment goes: one deployment group. What a team calls an environment is one target or several. */
export type Target = ReturnType<typeof targetShape>

/** @throws INVALID_RECORD */
export const parseTarget = recordReader('target', targetShape)

/** The target in a few words: `shop/production`, with account and region where they are given. */
export function formatTarget({ account, region, application, deploymentGroup }: Target): string {
  const place = [account, region].filter((part) => part !== undefined).join(':')
  return `${application}/${deploymentGroup}${place ? ` (${place})` : ''}`
}
