/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html: applications, groups and configurations alike. */
export const maximumNameLength = 100
/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html, "characters allowed". */
export const namePattern = /^[A-Za-z0-9._+=,@-]+$/
/** Not in the documentation; the service refuses the 513th character (codeship-library/aws-utilities, pull request 92). */
export const maximumDescriptionLength = 512
/** API reference of BatchGetDeployments and BatchGetDeploymentTargets: 25 ids. */
export const maximumBatchSize = 25
/** API reference of BatchGetApplications and BatchGetDeploymentGroups: 100 names. */
export const maximumNamesInBatch = 100
/** A quota of a region, which AWS raises on request: its default, as far as known. */
export const maximumApplications = 1000
/** A quota of an application, as above. */
export const maximumGroups = 1000
/** A quota of an account, as above: custom configurations. */
export const maximumConfigs = 50
/** AlarmsLimitExceededException in the SDK's documentation. */
export const maximumAlarms = 10
/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html: tag groups of a deployment group. */
export const maximumTagGroups = 3
/** The same page: tags of an on-premises instance. */
export const maximumInstanceTags = 10
/** The API has an error for too many instances in a call, and no number for it: this one is ours. */
export const maximumInstances = 100
/** API reference of BlueInstanceTerminationOption: two days. */
export const maximumTerminationWaitMinutes = 2880
/** Not in the documentation: an agent that takes no command within five minutes is what AWS calls unreachable. */
export const agentSilenceMs = 5 * 60_000
/**
 * The longest that an official agent says an event of its own may take (`MAX_ACK_TIMEOUT` of 1.8.1, in seconds); an
 * agent that died is waited for so long.
 */
export const eventLimitMs = 4200 * 1000
/** The longest payload of an envelope, either way: the model of the agent's protocol. */
export const maximumPayloadLength = 8192
/** API reference of the List actions gives no number; the service answers 100 names or ids at a time. */
export const pageSize = 100
/** Capitals and digits after `d-`, as in every documented example. */
export const deploymentIdPattern = /^d-[A-Z0-9]{9}$/
