import { commitId, flag, isoTime, nonEmptyText, object, oneOf, recordReader, sha256Text } from '../read.ts'
import { objectLocationShape } from './location.ts'
import { targetShape } from './target.ts'

export const deploymentShape = object({
  schema: oneOf('fairlead/deployment/1'),
  /** CodeDeploy's id, `d-` and nine characters. */
  deploymentId: nonEmptyText,
  target: targetShape,
  commit: commitId,
  sha256: sha256Text,
  location: objectLocationShape,
  /** The token under which it was started; the same token finds the same deployment. */
  runToken: nonEmptyText,
  /** Whether an earlier start with the same token had created it: nothing was to do. */
  alreadyStarted: flag,
  startedAt: isoTime,
})

/** Where bytes are going: a deployment that was started. */
export type Deployment = ReturnType<typeof deploymentShape>

/** @throws INVALID_RECORD */
export const parseDeployment = recordReader('deployment', deploymentShape)
