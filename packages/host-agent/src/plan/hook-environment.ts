import { hookPath } from '../limits.ts'
import type { AgentDeployment, AgentRevision, Host } from '../model.ts'

/**
 * The whole environment of a script: the host's settings over a bare system environment, and the documented variables
 * over both. Nothing of the calling process is in it, so that no credential of a laptop or a CI job reaches a script.
 */
export function hookEnvironment(
  host: Pick<Host, 'folder' | 'environment'>,
  deployment: AgentDeployment,
  event: string,
  machine: { readonly nodeFolder: string; readonly user: string },
): Record<string, string> {
  return {
    // Scripts that begin with `#!/usr/bin/env node` find the Node that runs this, wherever it is installed.
    PATH: `${hookPath}:${machine.nodeFolder}`,
    HOME: host.folder,
    LANG: 'C.UTF-8',
    USER: machine.user,
    ...host.environment,
    LIFECYCLE_EVENT: event,
    DEPLOYMENT_ID: deployment.deploymentId,
    APPLICATION_NAME: deployment.applicationName,
    DEPLOYMENT_GROUP_NAME: deployment.deploymentGroupName,
    DEPLOYMENT_GROUP_ID: deployment.deploymentGroupId,
    ...bundleVariables(deployment.revision),
  }
}

/** A bundle of this machine has none. */
function bundleVariables(revision: AgentRevision): Record<string, string> {
  switch (revision.type) {
    case 'GitHub':
      return { BUNDLE_COMMIT: revision.commitId }
    case 'Local':
      return {}
    case 'S3':
    case undefined: {
      const { bucket, key, versionId, eTag } = revision
      return {
        BUNDLE_BUCKET: bucket,
        BUNDLE_KEY: key,
        ...(versionId === undefined ? {} : { BUNDLE_VERSION: versionId }),
        ...(eTag === undefined ? {} : { BUNDLE_ETAG: eTag }),
      }
    }
  }
}
