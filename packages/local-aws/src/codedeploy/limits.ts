/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html: applications, groups and configurations alike. */
export const maximumNameLength = 100
/** https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html, "characters allowed". */
export const namePattern = /^[A-Za-z0-9._+=,@-]+$/
/** Not in the documentation; the service refuses the 513th character (codeship-library/aws-utilities, pull request 92). */
export const maximumDescriptionLength = 512
/** API reference of BatchGetDeployments and BatchGetDeploymentTargets: 25 ids. */
export const maximumBatchSize = 25
/** API reference of the List actions gives no number; the service answers 100 names or ids at a time. */
export const pageSize = 100
/** Capitals and digits after `d-`, as in every documented example. */
export const deploymentIdPattern = /^d-[A-Z0-9]{9}$/
