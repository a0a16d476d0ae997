/**
 * The errors of the CodeDeploy API, with AWS's words where they are known: the names come from the SDK's model, the
 * sentences from its documentation and from answers of the service that people have published.
 */
import { ServiceFault } from '../service.ts'
import {
  maximumAlarms,
  maximumApplications,
  maximumBatchSize,
  maximumConfigs,
  maximumDescriptionLength,
  maximumGroups,
  maximumInstances,
  maximumInstanceTags,
  maximumNameLength,
  maximumTagGroups,
} from './limits.ts'

const fault = (name: string, message: string) => new ServiceFault(`${name}Exception`, message)

export const applicationNameRequired = () => fault('ApplicationNameRequired', 'The application name was not specified.')
export const deploymentGroupNameRequired = () =>
  fault('DeploymentGroupNameRequired', 'The deployment group name was not specified.')
export const deploymentConfigNameRequired = () =>
  fault('DeploymentConfigNameRequired', 'The deployment configuration name was not specified.')
export const deploymentIdRequired = () => fault('DeploymentIdRequired', 'At least one deployment ID must be specified.')
export const deploymentTargetIdRequired = () =>
  fault('DeploymentTargetIdRequired', 'A deployment target ID was not provided.')
export const revisionRequired = () => fault('RevisionRequired', 'The revision was not specified.')
export const roleRequired = () => fault('RoleRequired', 'The service role ARN was not specified.')

export const invalidApplicationName = (name: string) =>
  fault('InvalidApplicationName', invalidName('application name', name))
export const invalidDeploymentGroupName = (name: string) =>
  fault('InvalidDeploymentGroupName', invalidName('deployment group name', name))
export const invalidDeploymentConfigName = (name: string) =>
  fault('InvalidDeploymentConfigName', invalidName('deployment configuration name', name))
export const invalidDeploymentId = (id: string) =>
  fault('InvalidDeploymentId', `The deployment ID ${id} is not valid: expected d- and nine capitals or digits.`)

export const applicationDoesNotExist = (name: string) =>
  fault('ApplicationDoesNotExist', `No application found for name: ${name}`)
export const deploymentGroupDoesNotExist = (name: string) =>
  fault('DeploymentGroupDoesNotExist', `No Deployment Group found for name: ${name}`)
export const deploymentConfigDoesNotExist = (name: string) =>
  fault('DeploymentConfigDoesNotExist', `No Deployment Configuration found for name: ${name}`)
export const deploymentDoesNotExist = (id: string) =>
  fault('DeploymentDoesNotExist', `The deployment ${id} could not be found.`)
export const deploymentTargetDoesNotExist = (id: string, deploymentId: string) =>
  fault('DeploymentTargetDoesNotExist', `The target ${id} does not belong to the deployment ${deploymentId}.`)
export const revisionDoesNotExist = (what: string) => fault('RevisionDoesNotExist', `No revision found: ${what}`)

export const applicationAlreadyExists = (name: string) =>
  fault('ApplicationAlreadyExists', `Application already exists: ${name}`)
export const deploymentGroupAlreadyExists = (name: string) =>
  fault('DeploymentGroupAlreadyExists', `Deployment group already exists: ${name}`)
export const deploymentConfigAlreadyExists = (name: string) =>
  fault('DeploymentConfigAlreadyExists', `Deployment configuration already exists: ${name}`)
export const deploymentConfigInUse = (name: string, group: string) =>
  fault('DeploymentConfigInUse', `The deployment configuration ${name} is used by the deployment group ${group}.`)

/** AWS names the deployment in prose only. */
export const deploymentLimitExceeded = (group: string, deploymentId: string) =>
  fault('DeploymentLimitExceeded', `The Deployment Group '${group}' already has an active Deployment '${deploymentId}'`)
export const deploymentAlreadyCompleted = (id: string) =>
  fault('DeploymentAlreadyCompleted', `The deployment ${id} is already complete.`)
export const deploymentNotStarted = (id: string) =>
  fault('DeploymentNotStarted', `The deployment ${id} has not started.`)
export const unsupportedActionForDeploymentType = (action: string, id: string) =>
  fault('UnsupportedActionForDeploymentType', `${action} is not for deployments of this type, as ${id} is one.`)

export const descriptionTooLong = (length: number) =>
  fault(
    'DescriptionTooLong',
    `The description has ${length} characters; at most ${maximumDescriptionLength} are allowed.`,
  )
export const invalidRevision = (message: string) => fault('InvalidRevision', message)
export const invalidAutoRollbackConfig = (message: string) => fault('InvalidAutoRollbackConfig', message)
export const invalidFileExistsBehavior = (given: string) =>
  fault(
    'InvalidFileExistsBehavior',
    `fileExistsBehavior is ${given}; valid values include DISALLOW, OVERWRITE, and RETAIN.`,
  )
export const invalidIgnoreApplicationStopFailuresValue = (given: string) =>
  fault(
    'InvalidIgnoreApplicationStopFailuresValue',
    `ignoreApplicationStopFailures is ${given}; true or false is expected.`,
  )
export const invalidComputePlatform = (given: string) =>
  fault('InvalidComputePlatform', `The computePlatform ${given} is not valid here: this is CodeDeploy for Server only.`)
export const invalidMinimumHealthyHostValue = (message: string) => fault('InvalidMinimumHealthyHostValue', message)
export const invalidDeploymentStyle = (given: string) =>
  fault(
    'InvalidDeploymentStyle',
    `The deployment style ${given} is not valid: IN_PLACE or BLUE_GREEN is expected, WITH_TRAFFIC_CONTROL or WITHOUT_TRAFFIC_CONTROL, and BLUE_GREEN only WITH_TRAFFIC_CONTROL.`,
  )
export const invalidLoadBalancerInfo = (message: string) => fault('InvalidLoadBalancerInfo', message)
export const invalidBlueGreenDeploymentConfiguration = (message: string) =>
  fault('InvalidBlueGreenDeploymentConfiguration', message)
export const invalidAlarmConfig = (message: string) => fault('InvalidAlarmConfig', message)
export const alarmsLimitExceeded = (given: number) =>
  fault('AlarmsLimitExceeded', `${given} alarms were specified; at most ${maximumAlarms} are allowed.`)
export const invalidTargetInstances = (message: string) => fault('InvalidTargetInstances', message)
export const invalidUpdateOutdatedInstancesOnlyValue = (message: string) =>
  fault('InvalidUpdateOutdatedInstancesOnlyValue', message)
export const invalidDeploymentWaitType = (given: string) =>
  fault('InvalidDeploymentWaitType', `deploymentWaitType is ${given}; expected READY_WAIT or TERMINATION_WAIT.`)
export const deploymentIsNotInReadyState = (id: string, why: string) =>
  fault('DeploymentIsNotInReadyState', `The deployment ${id} does not have a status of Ready: ${why}.`)
export const invalidRole = (given: string) =>
  fault('InvalidRole', `The service role ARN ${JSON.stringify(given)} is not valid: expected the ARN of an IAM role.`)
export const tagSetListLimitExceeded = (given: number) =>
  fault('TagSetListLimitExceeded', `${given} tag groups were specified; at most ${maximumTagGroups} are allowed.`)
export const applicationLimitExceeded = () =>
  fault('ApplicationLimitExceeded', `There are ${maximumApplications} applications already, as many as are allowed.`)
export const deploymentGroupLimitExceeded = (application: string) =>
  fault(
    'DeploymentGroupLimitExceeded',
    `The application ${application} has ${maximumGroups} deployment groups already, as many as are allowed.`,
  )
export const deploymentConfigLimitExceeded = () =>
  fault(
    'DeploymentConfigLimitExceeded',
    `There are ${maximumConfigs} custom deployment configurations already, as many as are allowed.`,
  )

export const instanceNameRequired = () =>
  fault('InstanceNameRequired', 'An on-premises instance name was not specified.')
export const invalidInstanceName = (name: string) =>
  fault(
    'InvalidInstanceName',
    `The on-premises instance name ${JSON.stringify(name)} is not valid: expected at most ${maximumNameLength} letters, digits and . _ + = , @ -, and not i- at the beginning.`,
  )
export const instanceNameAlreadyRegistered = (name: string) =>
  fault('InstanceNameAlreadyRegistered', `The on-premises instance name ${name} is already registered.`)
export const instanceNotRegistered = (name: string) =>
  fault('InstanceNotRegistered', `The on-premises instance ${name} is not registered.`)
export const instanceLimitExceeded = (given: number) =>
  fault(
    'InstanceLimitExceeded',
    `${given} instances were specified; at most ${maximumInstances} are allowed in a call.`,
  )
export const instanceIdRequired = () => fault('InstanceIdRequired', 'The instance ID was not specified.')
export const instanceDoesNotExist = (id: string, deploymentId: string) =>
  fault('InstanceDoesNotExist', `The instance ${id} does not exist in the deployment ${deploymentId}.`)
export const iamArnRequired = () =>
  fault('IamArnRequired', 'No IAM ARN was included in the request: give iamUserArn or iamSessionArn.')
export const multipleIamArnsProvided = () =>
  fault('MultipleIamArnsProvided', 'Both an IAM user ARN and an IAM session ARN were included in the request.')
export const invalidIamUserArn = (given: string) =>
  fault('InvalidIamUserArn', `The IAM user ARN ${JSON.stringify(given)} is not valid.`)
export const invalidIamSessionArn = (given: string) =>
  fault('InvalidIamSessionArn', `The IAM session ARN ${JSON.stringify(given)} is not valid.`)
export const iamUserArnAlreadyRegistered = (given: string) =>
  fault('IamUserArnAlreadyRegistered', `The IAM user ARN ${given} is already registered with an on-premises instance.`)
export const iamSessionArnAlreadyRegistered = (given: string) =>
  fault(
    'IamSessionArnAlreadyRegistered',
    `The session ARN ${given} is already registered with an on-premises instance.`,
  )
export const invalidRegistrationStatus = (given: string) =>
  fault('InvalidRegistrationStatus', `registrationStatus is ${given}; expected Registered or Deregistered.`)
export const invalidTagFilter = (message: string) => fault('InvalidTagFilter', message)
export const tagRequired = () => fault('TagRequired', 'A tag was not specified.')
export const tagLimitExceeded = (name: string) =>
  fault('TagLimitExceeded', `The instance ${name} would have more than ${maximumInstanceTags} tags.`)
export const invalidTagsToAdd = (message: string) => fault('InvalidTagsToAdd', message)
export const resourceArnRequired = () => fault('ResourceArnRequired', 'The ARN of a resource was not specified.')
export const invalidArn = (given: string) => fault('InvalidArn', `The ARN ${JSON.stringify(given)} is not valid.`)
export const arnNotSupported = (given: string) =>
  fault('ArnNotSupported', `The ARN ${given} does not name an application, a deployment group or a configuration.`)
export const gitHubAccountTokenNameRequired = () =>
  fault('GitHubAccountTokenNameRequired', 'The GitHub account connection name was not specified.')
export const gitHubAccountTokenDoesNotExist = (name: string) =>
  fault('GitHubAccountTokenDoesNotExist', `No GitHub account connection exists with the name ${JSON.stringify(name)}.`)
export const invalidInstanceType = (given: string) =>
  fault('InvalidInstanceType', `The instance type ${given} is not valid: expected Blue or Green.`)
export const invalidLifecycleEventHookExecutionId = () =>
  fault('InvalidLifecycleEventHookExecutionId', 'The lifecycleEventHookExecutionId was not given by any deployment.')

export const invalidDeploymentStatus = (given: string) =>
  fault('InvalidDeploymentStatus', `The deployment status ${given} does not exist.`)
export const invalidTargetStatus = (given: string) =>
  fault('InvalidInstanceStatus', `The target status ${given} does not exist.`)
export const invalidTargetFilterName = (given: string) =>
  fault(
    'InvalidTargetFilterName',
    `The target filter name ${given} is not valid: expected TargetStatus or ServerInstanceLabel.`,
  )
export const invalidTimeRange = (message: string) => fault('InvalidTimeRange', message)
export const invalidNextToken = () => fault('InvalidNextToken', 'The next token was not given by this list.')
export const invalidSortBy = (given: string) =>
  fault('InvalidSortBy', `sortBy is ${given}; expected registerTime, firstUsedTime or lastUsedTime.`)
export const invalidSortOrder = (given: string) =>
  fault('InvalidSortOrder', `sortOrder is ${given}; expected ascending or descending.`)
export const invalidDeployedStateFilter = (given: string) =>
  fault('InvalidDeployedStateFilter', `deployed is ${given}; expected include, exclude or ignore.`)
export const invalidTag = (kind: 'EC2' | 'on-premises', message: string) =>
  fault(kind === 'EC2' ? 'InvalidEC2Tag' : 'InvalidTag', message)
export const invalidTagCombination = (kind: 'EC2' | 'on-premises') =>
  fault(
    kind === 'EC2' ? 'InvalidEC2TagCombination' : 'InvalidOnPremisesTagCombination',
    'A list of tag filters and a tag set were specified; only one of them can be used in a call.',
  )
export const invalidInput = (message: string) => fault('InvalidInput', message)
export const invalidOperation = (message: string) => fault('InvalidOperation', message)
export const bucketNameFilterRequired = () =>
  fault('BucketNameFilterRequired', 'A key prefix was specified without a bucket name.')
export const batchLimitExceeded = (given: number, most = maximumBatchSize) =>
  fault('BatchLimitExceeded', `${given} names or IDs were specified; at most ${most} are allowed.`)
export const deploymentTargetListSizeExceeded = (given: number) =>
  fault(
    'DeploymentTargetListSizeExceeded',
    `${given} target IDs were specified; at most ${maximumBatchSize} are allowed.`,
  )

/** A value of the wrong JSON type, as the protocol's own reader refuses it. */
export const serialization = (name: string, expected: string) =>
  fault('Serialization', `The parameter ${name} can not be read: expected ${expected}.`)
/** Something that AWS does and local-aws does not: it says so rather than do something else. */
export const notSupported = (action: string, parameter: string) =>
  fault(
    'OperationNotSupported',
    `local-aws does not support ${parameter} in ${action}, and would deploy otherwise than AWS if it ignored it.`,
  )
export const unknownOperation = (action: string, known: readonly string[]) =>
  fault('UnknownOperation', `local-aws has no operation ${action} of CodeDeploy; it has ${known.join(', ')}.`)
export const closed = () => new ServiceFault('ServiceUnavailableException', 'local-aws is closed.', 503)

function invalidName(what: string, name: string): string {
  return `The ${what} ${JSON.stringify(name)} is not valid: expected at most ${maximumNameLength} letters, digits and . _ + = , @ -`
}
