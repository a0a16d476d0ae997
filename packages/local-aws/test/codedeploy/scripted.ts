import type { JsonObject } from '@fairlead/core'
import { onTestFinished } from 'vitest'
import type { AgentAnswer, RunLifecycleEvent } from '../../src/codedeploy/agent.ts'
import type { FetchRevision } from '../../src/codedeploy/context.ts'
import type { CodeDeployEvent } from '../../src/codedeploy/model.ts'
import { createCodeDeploy, type CodeDeployOptions, type CodeDeployService } from '../../src/codedeploy/service.ts'

export const account = '123456789012'
export const region = 'eu-central-1'

export interface AgentCall {
  readonly host: string
  readonly event: string
  readonly key: string
  readonly deploymentId: string
}

type Script = (
  call: AgentCall,
  signal: AbortSignal,
) => AgentAnswer | undefined | void | Promise<AgentAnswer | undefined | void>

export const succeeded: AgentAnswer = { status: 'Succeeded', code: 'Success' }
export const scriptFailed: AgentAnswer = {
  status: 'Failed',
  code: 'ScriptFailed',
  scriptName: 'hooks/validate.sh',
  message: 'Script at specified location: hooks/validate.sh failed with exit code 7',
  logTail: '[stderr]no answer from http://127.0.0.1/health',
}

export interface Scripted {
  readonly service: CodeDeployService
  /** Calls an action with these parameters. */
  readonly call: (action: string, input?: JsonObject) => Promise<JsonObject>
  /** Calls CreateDeployment for shop/<group> and answers the id. */
  readonly deploy: (group: string, key: string, input?: JsonObject) => Promise<string>
  readonly info: (deploymentId: string) => Promise<JsonObject>
  /** `<host> <event> <key>`, in the order in which the agents were asked. */
  readonly asked: string[]
  readonly events: CodeDeployEvent[]
  /** The objects that exist, `bucket/key` or `bucket/key?version`. */
  readonly objects: Set<string>
}

/** The service with three hosts, two groups and agents that answer what `script` says; no answer is success. */
export function scripted(script: Script = () => undefined, options: Partial<CodeDeployOptions> = {}): Scripted {
  const asked: string[] = []
  const events: CodeDeployEvent[] = []
  const objects = new Set(['artifacts/v1.zip', 'artifacts/v2.zip', 'artifacts/v3.zip'])
  const fetchRevision: FetchRevision = ({ bucket, key, versionId }) => {
    const name = `${bucket}/${key}${versionId === undefined ? '' : `?${versionId}`}`
    if (objects.has(name)) return Promise.resolve({ eTag: '"e"', body: bytes() })
    const code = bucket !== 'artifacts' ? 'NoSuchBucket' : versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion'
    return Promise.reject(Object.assign(new Error('not there'), { code }))
  }
  const runLifecycleEvent: RunLifecycleEvent = async (host, { deployment, event, signal }) => {
    const { key } = deployment.revision
    asked.push(`${host.name} ${event} ${key}`)
    await Promise.resolve()
    return (await script({ host: host.name, event, key, deploymentId: deployment.deploymentId }, signal)) ?? succeeded
  }
  const service = createCodeDeploy({
    account,
    region,
    hosts: ['web-1', 'web-2', 'web-3'].map((name) => ({ name, folder: `/hosts/${name}` })),
    applications: [
      {
        name: 'shop',
        groups: [
          { name: 'dev', hosts: ['web-1'], autoRollback: ['failure'] },
          { name: 'production', hosts: ['web-1', 'web-2', 'web-3'], autoRollback: ['failure'] },
          { name: 'plain', hosts: ['web-1', 'web-2', 'web-3'], deploymentConfig: 'CodeDeployDefault.AllAtOnce' },
        ],
      },
    ],
    fetchRevision,
    runLifecycleEvent,
    onEvent: (event) => void (event.type.startsWith('codedeploy.') && events.push(event as CodeDeployEvent)),
    ...options,
  })
  onTestFinished(() => service.close().catch(() => undefined))
  const { signal } = new AbortController()
  const call = (action: string, input: JsonObject = {}) => service.handle(action, input, { account, region, signal })
  return {
    service,
    call,
    asked,
    events,
    objects,
    deploy: async (group, key, input = {}) => {
      const revision = { revisionType: 'S3', s3Location: { bucket: 'artifacts', key, bundleType: 'zip' } }
      const answer = await call('CreateDeployment', {
        applicationName: 'shop',
        deploymentGroupName: group,
        revision,
        ...input,
      })
      return answer['deploymentId'] as string
    },
    info: async (deploymentId) => (await call('GetDeployment', { deploymentId }))['deploymentInfo'] as JsonObject,
  }
}

/** A promise and the hand that opens it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

async function* bytes(): AsyncIterable<Uint8Array> {
  yield new Uint8Array([1])
}
