/** Characters in a deployment's description. https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html */
export const maxDescriptionLength = 256

/** Leaves more than a hundred characters of the description to its reader; a UUID has 36. */
export const maxRunTokenLength = 64

/** Ids in one BatchGetDeployments. https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeployments.html */
export const maxDeploymentsPerCall = 25

/** Ids in one BatchGetDeploymentTargets. https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentTargets.html */
export const maxTargetsPerCall = 25

/** How far back a run token is looked for: a busy group has hundreds of deployments, and a CI job is not retried later. */
export const runTokenLookBackMs = 30 * 24 * 3_600_000

/** An in-place deployment ends within 12 hours by itself. https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html */
export const defaultTimeoutMs = 12 * 3_600_000

/** Two or three ordinary deployments of a group; the longest allowed one would hold a CI worker for half a day. */
export const defaultWaitTimeoutMs = 30 * 60_000

/** Without one answer for so long, a watcher says so instead of looking alive. */
export const defaultMaxSilenceMs = 10 * 60_000

/** One call with the SDK's own retries; without it, a connection that hangs would hang the watcher for ever. */
export const callTimeoutMs = 30_000

/** After CreateDeployment got no answer: pauses before each look for the deployment that it may have created. */
export const lookUpPausesMs = [1_000, 2_000, 4_000, 8_000] as const

/** How often CreateDeployment is sent before it is called unconfirmed. */
export const maxCreations = 3

/** How often a group that refuses as busy, and then shows no active deployment, is tried again at once. */
export const maxBusyGlimpses = 3

/** The rollback's id is written to the deployment that failed shortly after its status. */
export const rollbackGraceMs = 20_000

/** A stop may ask for a rollback that no configuration announces. */
export const stoppedGraceMs = 3_000

/** The instances' last events may be told later than the deployment's end. */
export const detailsGraceMs = 5_000
