/**
 * What an agent is told of a deployment, in the members that the official agent reads
 * (`lib/instance_agent/plugins/codedeploy/deployment_specification.rb` of aws/aws-codedeploy-agent 1.8.1).
 */
import type { JsonObject } from '@fairlead/core'
import type { Deployment, Revision } from '../model.ts'

export function specificationOf(deployment: Deployment): JsonObject {
  return {
    // A restart runs the scripts of the archive that is there: an agent finds it by its deployment.
    DeploymentId: deployment.restartOf ?? deployment.deploymentId,
    DeploymentGroupId: deployment.deploymentGroupId,
    DeploymentGroupName: deployment.deploymentGroupName,
    ApplicationName: deployment.applicationName,
    DeploymentCreator: deployment.creator,
    DeploymentType: deployment.style.type,
    AgentActionOverrides: { AgentOverrides: { FileExistsBehavior: deployment.fileExistsBehavior } },
    Revision: revisionOf(deployment.revision),
  }
}

function revisionOf(revision: Revision): JsonObject {
  if (revision.type === 'GitHub') {
    const [Account = '', Repository = ''] = revision.repository.split('/')
    return { RevisionType: 'GitHub', GitHubRevision: { Account, Repository, CommitId: revision.commitId } }
  }
  const { bucket, key, bundleType, version = null, eTag = null } = revision
  return {
    RevisionType: 'S3',
    // Scripts find version and ETag in their environment, empty where the caller named none.
    S3Revision: { Bucket: bucket, Key: key, BundleType: bundleType, Version: version, ETag: eTag },
  }
}
