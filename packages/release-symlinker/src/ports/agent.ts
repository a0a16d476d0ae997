import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** What the CodeDeploy agent of this machine says of itself, as far as it can be read. */
export interface AgentFacts {
  /** For example `OFFICIAL_1.8.1-12_deb`. Left out: there is no agent at that place. */
  readonly version?: string | undefined
  /** Where it keeps its archives (`root_dir`). */
  readonly deploymentRoot: string
  /** How many it keeps for each deployment group (`max_revisions`). */
  readonly maxRevisions: number
  /** The PATH that its hooks inherit. */
  readonly path: string
  /** Whether that is of the running agent, and not what systemd gives a service. */
  readonly isOfRunningAgent: boolean
}

/** systemd.exec(5): what a service gets that asks for none. */
const servicePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-agent-configuration.html */
export async function readAgent(folder: string, configurationFile: string): Promise<AgentFacts> {
  const configuration = (await textOf(configurationFile)) ?? ''
  const setting = (name: string) =>
    new RegExp(`^\\s*:${name}:\\s*['"]?([^'"\\n#]+?)['"]?\\s*(?:#.*)?$`, 'm').exec(configuration)?.[1]
  const pidFolder = setting('pid_dir') ?? join(folder, 'state/.pid')
  const pid = (await textOf(join(pidFolder, 'codedeploy-agent.pid')))?.trim()
  const environment = pid !== undefined && /^\d+$/.test(pid) ? await textOf(`/proc/${pid}/environ`) : undefined
  const path = environment
    ?.split('\0')
    .find((line) => line.startsWith('PATH='))
    ?.slice('PATH='.length)
  return {
    version: /agent_version:\s*(\S+)/.exec((await textOf(join(folder, '.version'))) ?? '')?.[1],
    deploymentRoot: setting('root_dir') ?? join(folder, 'deployment-root'),
    maxRevisions: Number(setting('max_revisions') ?? 5),
    path: path ?? servicePath,
    isOfRunningAgent: path !== undefined,
  }
}

/** The program that a PATH leads to; `undefined`: none. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    const program = join(folder, name)
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return program
  }
  return undefined
}

/** What a program answers; `undefined`: it failed. */
export function answerOf(program: string, args: readonly string[], path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { PATH: path, LC_ALL: 'C' }, timeout: 10_000 }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : undefined),
    )
  })
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}
