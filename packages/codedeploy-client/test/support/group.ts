import { epoch, fault, type Handler, type Input } from './scripted-codedeploy.ts'

interface Created {
  readonly deploymentId: string
  status: string
  readonly creator: string
  readonly createTime: number
  readonly input: Input
}

/**
 * A deployment group as CreateDeployment, ListDeployments and BatchGetDeployments show it: one active deployment at a
 * time, pages of two ids.
 */
export function groupHandlers(facts: { readonly application?: string; readonly deploymentGroup?: string } = {}) {
  const { application = 'shop', deploymentGroup = 'production' } = facts
  const deployments: Created[] = []
  const active = () => deployments.filter(({ status }) => ['Created', 'InProgress'].includes(status))
  const check = (input: Input) => {
    if (input['applicationName'] !== application) return fault('ApplicationDoesNotExistException')
    if (input['deploymentGroupName'] !== deploymentGroup) return fault('DeploymentGroupDoesNotExistException')
    return undefined
  }
  const add = (input: Input, creator = 'user', createTime = '2026-01-02T03:00:00.000Z') => {
    const deployment: Created = {
      deploymentId: `d-${String(deployments.length + 1).padStart(9, '0')}`,
      status: 'Created',
      creator,
      createTime: epoch(createTime),
      input,
    }
    deployments.push(deployment)
    return deployment
  }
  const handlers = {
    CreateDeployment: (input) => {
      const refusal = check(input)
      if (refusal) return refusal
      const busy = active()[0]
      if (busy) {
        const message = `The Deployment Group '${deploymentGroup}' already has an active Deployment '${busy.deploymentId}'`
        return fault('DeploymentLimitExceededException', 400, message)
      }
      return { deploymentId: add(input).deploymentId }
    },
    ListDeployments: (input) => {
      const refusal = check(input)
      if (refusal) return refusal
      const statuses = input['includeOnlyStatuses'] as readonly string[] | undefined
      const range = input['createTimeRange'] as { readonly start?: number } | undefined
      const ids = deployments
        .filter(({ status }) => statuses === undefined || statuses.includes(status))
        .filter(({ createTime }) => createTime >= (range?.start ?? 0))
        .map(({ deploymentId }) => deploymentId)
      const offset = Number(input['nextToken'] ?? 0)
      return {
        deployments: ids.slice(offset, offset + 2),
        ...(ids.length > offset + 2 ? { nextToken: String(offset + 2) } : {}),
      }
    },
    BatchGetDeployments: (input) => {
      const ids = input['deploymentIds'] as readonly string[]
      if (ids.length > 25) return fault('BatchLimitExceededException')
      return {
        deploymentsInfo: deployments
          .filter(({ deploymentId }) => ids.includes(deploymentId))
          .map(({ deploymentId, status, creator, createTime, input: { description, revision } }) => ({
            deploymentId,
            status,
            creator,
            createTime,
            description,
            revision,
          })),
      }
    },
  } satisfies Readonly<Record<string, Handler>>
  return { handlers, deployments, add }
}
