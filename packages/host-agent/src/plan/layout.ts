import { join, sep } from 'node:path'

/** Where the official agent keeps what. */
export interface Layout {
  /** `<folder>/opt/codedeploy-agent/deployment-root` */
  readonly root: string
  readonly instructions: string
  readonly ongoing: string
  readonly deploymentLog: string
}

export function layoutOf(folder: string): Layout {
  const root = join(folder, 'opt', 'codedeploy-agent', 'deployment-root')
  return {
    root,
    instructions: join(root, 'deployment-instructions'),
    ongoing: join(root, 'ongoing-deployment'),
    deploymentLog: join(root, 'deployment-logs', 'codedeploy-agent-deployments.log'),
  }
}

export interface DeploymentLayout {
  /** Holds the revisions of the group. */
  readonly group: string
  readonly folder: string
  /** This name whatever the type. */
  readonly bundle: string
  readonly archive: string
  readonly scriptsLog: string
}

/**
 * Where a deployment's folder says what its AppSpec is called, if it has another name: the next deployment, which has a
 * name of its own, reads this revision first. Only where the agent finds renamed files; the place is ours.
 */
export function appSpecNameOf(deploymentFolder: string): string {
  return join(deploymentFolder, 'appspec-filename')
}

export function deploymentLayout(
  root: string,
  { deploymentGroupId, deploymentId }: { readonly deploymentGroupId: string; readonly deploymentId: string },
): DeploymentLayout {
  const group = join(root, deploymentGroupId)
  const folder = join(group, deploymentId)
  return {
    group,
    folder,
    bundle: join(folder, 'bundle.tar'),
    archive: archiveOf(folder),
    scriptsLog: join(folder, 'logs', 'scripts.log'),
  }
}

/** The unpacked revision of a deployment's folder. */
export function archiveOf(deploymentFolder: string): string {
  return join(deploymentFolder, 'deployment-archive')
}

export interface GroupState {
  readonly plan: string
  /** The installed paths, one a line, in order. */
  readonly cleanup: string
  readonly lastSuccessful: string
  readonly mostRecent: string
}

export function groupState(instructions: string, groupId: string): GroupState {
  return {
    plan: join(instructions, `${groupId}-install.json`),
    cleanup: join(instructions, `${groupId}-cleanup`),
    lastSuccessful: join(instructions, `${groupId}_last_successful_install`),
    mostRecent: join(instructions, `${groupId}_most_recent_install`),
  }
}

/** Whether a normal path is the folder or lies below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
