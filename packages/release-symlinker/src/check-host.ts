import { randomBytes } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { ambientOptionNames, checkOptions, coreErrors, describeValue, isDeployError } from '@fairlead/core'
import { identifyThisProcess } from '@fairlead/core/machine'
import { requireLayout, requireTrustedLayout, type Layout } from './layout.ts'
import { readLock } from './lock.ts'
import type { HostFinding, ReleaseAmbientOptions } from './model.ts'
import { answerOf, findProgram, readAgent, type AgentFacts } from './ports/agent.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { effectiveUid } from './ports/process.ts'
import { isSelinuxOn } from './ports/tools.ts'
import { readInstalled, requireRoot } from './read-installed-releases.ts'
import { typesBelow } from './source.ts'
import { findLeftovers } from './sweep.ts'

export interface CheckHostOptions extends ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`, or where it is to be made. */
  readonly root: string
  /** The folder of the CodeDeploy agent. Default: `/opt/codedeploy-agent`. */
  readonly agentFolder?: string | undefined
  /** Default: `/etc/codedeploy-agent/conf/codedeployagent.yml`. */
  readonly agentConfiguration?: string | undefined
}

/**
 * Looks at everything of a host that a deploy depends on, and says of each thing how it is and what to do about it.
 * Makes files of its own in the root, and only there, to try what the file system can, and removes them again.
 *
 * @throws INVALID_OPTION; a finding is an answer and no failure
 */
export async function checkHost(options: CheckHostOptions): Promise<readonly HostFinding[]> {
  return await checkHostOn(systemDisk, options)
}

export async function checkHostOn(disk: Disk, options: CheckHostOptions): Promise<readonly HostFinding[]> {
  const verb = 'checkHost'
  checkOptions(verb, options, ['root', 'agentFolder', 'agentConfiguration', ...ambientOptionNames])
  const layout = requireRoot(verb, options.root)
  const {
    agentFolder = '/opt/codedeploy-agent',
    agentConfiguration = '/etc/codedeploy-agent/conf/codedeployagent.yml',
    signal,
  } = options
  for (const [option, given] of Object.entries({ agentFolder, agentConfiguration })) {
    if (typeof given === 'string' && given !== '') continue
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected: 'a path' })
  }
  signal?.throwIfAborted()
  const agent = await readAgent(resolve(agentFolder), agentConfiguration)
  const standing = await nearestFolder(disk, layout.root)
  const looks: readonly (readonly [string, () => Promise<HostFinding | readonly HostFinding[]>])[] = [
    ['node', () => checkNode(agent)],
    ['agent', () => Promise.resolve(checkAgent(agent, agentFolder))],
    ['layout', () => checkLayout(disk, layout)],
    ['owners', () => checkOwners(disk, layout)],
    ['space', () => checkSpace(disk, layout, agent, standing)],
    ['file-system', () => checkWays(disk, layout, agent, standing)],
    ['selinux', () => checkLabels(disk, standing)],
    ['lock', () => checkLock(disk, layout)],
    ['leftovers', () => checkLeftovers(disk, layout)],
  ]
  const findings: HostFinding[] = []
  for (const [subject, look] of looks) {
    signal?.throwIfAborted()
    try {
      findings.push(...[await look()].flat())
    } catch (error) {
      if (!isDeployError(error)) throw error
      findings.push({ subject, state: 'problem', found: error.message, cure: error.hint })
    }
  }
  return findings
}

/** The root may not be there yet: what counts is where it would be made. */
async function nearestFolder(disk: Disk, path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const real = await disk.realPath(folder)
    if (real !== undefined || folder === dirname(folder)) return real ?? folder
  }
}

const neededNode = [20, 19] as const

async function checkNode({ path, isOfRunningAgent }: AgentFacts): Promise<HostFinding> {
  const subject = 'node'
  const whose = isOfRunningAgent ? 'in the PATH of the running agent' : 'in the PATH that systemd gives a service'
  const cure = `Hooks see only ${path}. Install Node ${neededNode.join('.')} or newer there, or call it by its full path.`
  const program = await findProgram('node', path)
  if (program === undefined) return { subject, state: 'problem', found: `there is no node ${whose}`, cure }
  const version = (await answerOf(program, ['--version'], path)) ?? 'a version that it does not tell'
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  const isNew = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])
  const found = `${program} is ${version}, ${whose}`
  return isNew ? { subject, state: 'fine', found } : { subject, state: 'problem', found, cure }
}

function checkAgent({ version, maxRevisions, deploymentRoot }: AgentFacts, folder: string): HostFinding {
  const subject = 'agent'
  if (version === undefined) {
    const cure = 'Install the CodeDeploy agent where CodeDeploy is to deploy to this host; releases work without it.'
    return { subject, state: 'warning', found: `there is no CodeDeploy agent in ${folder}`, cure }
  }
  const found = `${version} keeps ${maxRevisions} archives in ${deploymentRoot}`
  return { subject, state: 'fine', found }
}

async function checkLayout(disk: Disk, layout: Layout): Promise<HostFinding> {
  const subject = 'layout'
  if ((await disk.realPath(layout.root)) === undefined) {
    return { subject, state: 'fine', found: `there is no ${layout.root} yet: the first deploy makes it` }
  }
  await requireLayout(disk, layout)
  const { current, currentLink, releases, settled } = await readInstalled(disk, layout)
  const cure = 'Run fairlead host repair.'
  if (currentLink !== undefined && current === undefined) {
    return { subject, state: 'problem', found: `current leads to ${currentLink}, where nothing is`, cure }
  }
  if (!settled) {
    return { subject, state: 'warning', found: `${current} is live and the history does not know of it`, cure }
  }
  return { subject, state: 'fine', found: `${releases.length} releases, live is ${current ?? 'none'}` }
}

async function checkOwners(disk: Disk, layout: Layout): Promise<HostFinding> {
  await requireTrustedLayout(disk, layout)
  const found = effectiveUid() === 0 ? 'root alone can change the folders that root works in' : 'not run as root'
  return { subject: 'owners', state: 'fine', found }
}

async function checkSpace(
  disk: Disk,
  layout: Layout,
  { deploymentRoot, maxRevisions }: AgentFacts,
  standing: string,
): Promise<readonly HostFinding[]> {
  const cure = 'Keep fewer releases (fairlead host prune) and fewer archives (:max_revisions: of the agent).'
  const next = await sizeOfLiveRelease(disk, layout)
  const places = [
    { subject: 'space', path: standing, of: 'the next release', times: 1 },
    // The agent unpacks an archive beside the bundle before a hook runs.
    { subject: 'space-of-archives', path: await nearestFolder(disk, deploymentRoot), of: 'the next archive', times: 2 },
  ]
  return await Promise.all(
    places.map(async ({ subject, path, of, times }): Promise<HostFinding> => {
      const { bytes, inodes } = await disk.freeSpace(path)
      const free = `${mebibytes(bytes)} MiB and ${inodes ?? 'unlimited'} inodes are free in ${path}`
      if (next === undefined) return { subject, state: 'fine', found: `${free}; how much ${of} needs is not known yet` }
      const need = { bytes: next.bytes * times, inodes: next.entries + 10 }
      const found = `${free}; ${of} needs ${mebibytes(need.bytes)} MiB and ${need.inodes} inodes if it is like the live one`
      const fits = need.bytes <= bytes && need.inodes <= (inodes ?? Number.POSITIVE_INFINITY)
      if (!fits) return { subject, state: 'problem', found, cure }
      const isTight = need.bytes * 3 > bytes || need.inodes * 3 > (inodes ?? Number.POSITIVE_INFINITY)
      const kept = subject === 'space' ? '' : ` The agent keeps ${maxRevisions}.`
      return isTight ? { subject, state: 'warning', found, cure: `${cure}${kept}` } : { subject, state: 'fine', found }
    }),
  )
}

async function sizeOfLiveRelease(
  disk: Disk,
  layout: Layout,
): Promise<{ readonly bytes: number; readonly entries: number } | undefined> {
  if ((await disk.realPath(layout.root)) === undefined) return undefined
  const { current } = await readInstalled(disk, layout)
  if (current === undefined) return undefined
  const top = join(layout.releases, current)
  const paths = [...(await typesBelow(disk, top, undefined)).keys()]
  let bytes = 0
  for (const path of paths) bytes += (await disk.entry(join(top, path)))?.sizeBytes ?? 0
  return { bytes, entries: paths.length }
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}

/** Tries a rename from the archives' place, a second name and a clone, with a file of our own. */
async function checkWays(
  disk: Disk,
  layout: Layout,
  { deploymentRoot }: AgentFacts,
  standing: string,
): Promise<HostFinding> {
  const subject = 'file-system'
  if (standing !== (await disk.realPath(layout.root))) {
    return { subject, state: 'fine', found: 'what the file system can is tried when the root is there' }
  }
  await disk.makeFolder(layout.own, 0o755)
  const trial = join(layout.own, `seed-${randomBytes(8).toString('hex')}`)
  const archives = await disk.realPath(deploymentRoot)
  try {
    await disk.makeFolder(trial, 0o700)
    const file = join(trial, 'file')
    await disk.writeFile(file, 'trial', { mode: 0o600, sync: false })
    const canClone = (await disk.cloneFile(file, join(trial, 'clone'), { mode: 0o600, sync: false })) !== undefined
    const canLink = await disk.linkFile(file, join(trial, 'link'))
    const [here, there] = [await disk.deviceOf(trial), archives && (await disk.deviceOf(archives))]
    const canRename = there !== undefined && here === there
    const ways = [
      ...(canRename ? ['rename from the archive (move)'] : []),
      ...(canLink ? [`a second name for what did not change (immutable)`] : []),
      ...(canClone ? ['a clone'] : []),
      'a copy',
    ]
    const found = `the ways of a file into a release, the fastest first: ${ways.join(', ')}`
    if (there === undefined || canRename) return { subject, state: 'fine', found }
    const cure = `Put ${deploymentRoot} (:root_dir: of the agent) on the file system of ${layout.root} for renames and second names from the archive.`
    return { subject, state: 'warning', found: `${found}; the archives are on another file system`, cure }
  } finally {
    await disk.removeTree(trial).catch(() => undefined)
  }
}

async function checkLabels(disk: Disk, standing: string): Promise<HostFinding> {
  const subject = 'selinux'
  if (!isSelinuxOn()) return { subject, state: 'fine', found: 'SELinux is not on' }
  const label = await disk.labelOf(standing)
  const found = `SELinux is on, and ${standing} has the label ${label ?? 'that cannot be read'}`
  const isForWeb = label !== undefined && /:(?:httpd_|public_content_)\w+/.test(label)
  if (isForWeb) return { subject, state: 'fine', found }
  const cure = `Say what it is for: semanage fcontext -a -t httpd_sys_content_t '${standing}(/.*)?' && restorecon -R ${standing}; folders that the application writes to need httpd_sys_rw_content_t.`
  return { subject, state: 'warning', found, cure }
}

async function checkLock(disk: Disk, layout: Layout): Promise<HostFinding> {
  const subject = 'lock'
  const held = await readLock(disk, layout, await identifyThisProcess())
  if (held === undefined) return { subject, state: 'fine', found: 'nobody holds the lock' }
  const { owner, state } = held
  const who = `${owner.verb} (process ${owner.pid} on ${owner.host}, since ${owner.since})`
  if (state === 'alive') return { subject, state: 'fine', found: `${who} is at work` }
  if (state === 'gone') return { subject, state: 'fine', found: `${who} has died: the next run takes its lock over` }
  const cure = 'Where that machine or container is gone: fairlead host unlock --force.'
  return { subject, state: 'problem', found: `${who} holds the lock and cannot be asked from here`, cure }
}

async function checkLeftovers(disk: Disk, layout: Layout): Promise<HostFinding> {
  const subject = 'leftovers'
  const leftovers = await findLeftovers(disk, layout)
  if (leftovers.length === 0) return { subject, state: 'fine', found: 'no run left anything half done' }
  const cure = 'The next run removes them, or fairlead host repair.'
  return { subject, state: 'warning', found: `left by a run that was stopped: ${leftovers.join(', ')}`, cure }
}
