import type { JsonObject, JsonValue } from '@fairlead/core'
import type { Need } from '../permissions/access.ts'
import type { JsonService } from '../service.ts'

export interface NeedingCall {
  /** As in an action: `secretsmanager`, `codedeploy`. */
  readonly service: string
  readonly action: string
  readonly input: JsonObject
  readonly account: string
  readonly region: string
  readonly services: readonly JsonService[]
}

/** What IAM asks for before the call runs. */
export async function neededPermissions(call: NeedingCall): Promise<readonly Need[]> {
  switch (call.service) {
    case 'secretsmanager':
      return secretNeeds(call)
    case 'codedeploy':
      return [{ action: `codedeploy:${call.action}`, resource: await codeDeployResource(call) }]
    default:
      return [{ action: `${call.service}:${call.action}`, resource: '*' }]
  }
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
function secretNeeds({ action, input, services, account, region }: NeedingCall): readonly Need[] {
  const own = `secretsmanager:${action}`
  // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html: it needs more than itself.
  if (action === 'BatchGetSecretValue') {
    return [own, ...('Filters' in input ? ['secretsmanager:ListSecrets'] : [])].map((name) => ({
      action: name,
      resource: '*',
    }))
  }
  if (action === 'ListSecrets' || action === 'GetRandomPassword') return [{ action: own, resource: '*' }]
  const id = text(input['SecretId']) ?? text(input['Name']) ?? ''
  const service = services.find(({ signingName }) => signingName === 'secretsmanager')
  // A secret that does not exist has no six letters yet; a policy writes `-??????` in their place.
  const resource =
    service?.findResource?.(id) ??
    (id.startsWith('arn:') ? id : `arn:aws:secretsmanager:${region}:${account}:secret:${id}-??????`)
  const tags = action === 'CreateSecret' && Array.isArray(input['Tags']) && input['Tags'].length > 0
  return [{ action: own, resource }, ...(tags ? [{ action: 'secretsmanager:TagResource', resource }] : [])]
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html: what each action is about. */
async function codeDeployResource(call: NeedingCall): Promise<string> {
  const { action, input, account, region } = call
  const arn = (kind: string, name: string) => `arn:aws:codedeploy:${region}:${account}:${kind}:${name}`
  const application = text(input['applicationName'])
  const group = text(input['deploymentGroupName']) ?? text(input['currentDeploymentGroupName'])
  if (/DeploymentConfig$/.test(action)) return arn('deploymentconfig', text(input['deploymentConfigName']) ?? '*')
  const deploymentId = text(input['deploymentId']) ?? text(asList(input['deploymentIds'])[0])
  if (ofDeployment.includes(action)) return arn('deploymentgroup', (await groupOf(call, deploymentId ?? '')) ?? '*')
  if (ofGroup.includes(action)) return arn('deploymentgroup', `${application ?? '*'}/${group ?? '*'}`)
  if (ofApplication.includes(action)) {
    return arn('application', application ?? text(asList(input['applicationNames'])[0]) ?? '*')
  }
  return '*'
}

const ofDeployment = ['GetDeployment', 'BatchGetDeployments', 'GetDeploymentInstance', 'ListDeploymentInstances']
const ofGroup = [
  'BatchGetDeploymentGroups',
  'CreateDeployment',
  'CreateDeploymentGroup',
  'DeleteDeploymentGroup',
  'GetDeploymentGroup',
  'ListDeployments',
  'UpdateDeploymentGroup',
]
const ofApplication = [
  'BatchGetApplicationRevisions',
  'BatchGetApplications',
  'CreateApplication',
  'DeleteApplication',
  'GetApplication',
  'GetApplicationRevision',
  'ListApplicationRevisions',
  'ListDeploymentGroups',
  'RegisterApplicationRevision',
  'UpdateApplication',
]

async function groupOf({ services, account, region }: NeedingCall, deploymentId: string): Promise<string | undefined> {
  const service = services.find(({ signingName }) => signingName === 'codedeploy')
  const call = { account, region, signal: new AbortController().signal }
  // A deployment that does not exist belongs to no group; what is wrong with the id, the action itself says.
  const found = await service?.handle('GetDeployment', { deploymentId }, call).catch(() => undefined)
  const info = found?.['deploymentInfo'] as JsonObject | undefined
  const [application, group] = [text(info?.['applicationName']), text(info?.['deploymentGroupName'])]
  return application !== undefined && group !== undefined ? `${application}/${group}` : undefined
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
