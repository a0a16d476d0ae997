import type { JsonObject } from '@fairlead/core'
import type { LocalAws } from '../../src/index.ts'
import { sendSigned } from '../running.ts'

export interface WireAnswer {
  readonly status: number
  readonly output: JsonObject
}

/** Sends an operation as the Ruby agent does: JSON 1.1, signed for codedeploy-commands, the target in a header. */
export async function command(
  aws: LocalAws,
  operation: string,
  input: JsonObject,
  service = 'codedeploy-commands',
): Promise<WireAnswer> {
  const { status, text } = await sendSigned(
    aws,
    {
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `CodeDeployCommandService_v20141006.${operation}`,
        'x-amz-codedeploy-agent-version': 'OFFICIAL_1.8.1-9_rpm',
      },
      body: JSON.stringify(input),
    },
    { service },
  )
  return { status, output: JSON.parse(text) as JsonObject }
}

export interface HostCommand {
  readonly HostCommandIdentifier: string
  readonly HostIdentifier: string
  readonly DeploymentExecutionId: string
  readonly CommandName: string
}

/** Asks once; `undefined` where there is nothing to do. */
export async function poll(aws: LocalAws, identity: string): Promise<HostCommand | undefined> {
  const { status, output } = await command(aws, 'PollHostCommand', { HostIdentifier: identity })
  if (status !== 200) throw new Error(JSON.stringify(output))
  return output['HostCommand'] as unknown as HostCommand | undefined
}

/** Asks until there is something to do. */
export async function pollUntil(aws: LocalAws, identity: string): Promise<HostCommand> {
  for (;;) {
    const found = await poll(aws, identity)
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The envelope of the deployment that a command belongs to. */
export async function envelopeOf(
  aws: LocalAws,
  { DeploymentExecutionId, HostIdentifier }: HostCommand,
): Promise<{ readonly Format: string; readonly Payload: string }> {
  const { output } = await command(aws, 'GetDeploymentSpecification', { DeploymentExecutionId, HostIdentifier })
  const answer = output as {
    readonly DeploymentSystem: string
    readonly DeploymentSpecification: {
      readonly GenericEnvelope: { readonly Format: string; readonly Payload: string }
    }
  }
  if (answer.DeploymentSystem !== 'CodeDeploy') throw new Error(`not CodeDeploy: ${JSON.stringify(output)}`)
  return answer.DeploymentSpecification.GenericEnvelope
}

/** Tells that the agent has the command, and answers what it is to do with it. */
export async function acknowledge(aws: LocalAws, { HostCommandIdentifier }: HostCommand, isNoop = false) {
  const Diagnostics = { Format: 'JSON', Payload: JSON.stringify({ IsCommandNoop: isNoop }) }
  const { output } = await command(aws, 'PutHostCommandAcknowledgement', { HostCommandIdentifier, Diagnostics })
  return output['CommandStatus']
}

export interface Report {
  readonly error_code: number
  readonly script_name: string
  readonly message: string
  readonly log: string
}

export const succeededReport: Report = { error_code: 0, script_name: '', message: 'Succeeded: ', log: '' }

export function complete(
  aws: LocalAws,
  { HostCommandIdentifier }: HostCommand,
  CommandStatus: 'Succeeded' | 'Failed',
  report: Report = succeededReport,
): Promise<WireAnswer> {
  const Diagnostics = { Format: 'JSON', Payload: JSON.stringify(report) }
  return command(aws, 'PutHostCommandComplete', { HostCommandIdentifier, CommandStatus, Diagnostics })
}
