/**
 * The protocol of the official agent: it polls for a command, fetches the deployment's specification, acknowledges and
 * completes. The facts come from the agent's own model of the service
 * (`vendor/gems/codedeploy-commands-1.0.0/apis/CodeDeployCommand.api.json` of aws/aws-codedeploy-agent 1.8.1).
 */
import type { JsonObject } from '@fairlead/core'
import { ServiceFault, type JsonService } from '../../service.ts'
import { readNumber, readObject, readText } from '../input.ts'
import { maximumPayloadLength } from '../limits.ts'
import type { Deployment } from '../model.ts'
import type { Place } from '../wire.ts'
import type { CommandQueue, HostCommand } from './command-queue.ts'
import { answerOf, isNoop } from './diagnostics.ts'
import type { Signer } from './signer.ts'
import { specificationOf } from './specification.ts'

export interface CommandServiceOptions {
  readonly place: Place
  readonly queue: CommandQueue
  /** The host whose agent says that it is this; `undefined` for a stranger. */
  readonly findHost: (identityArn: string) => string | undefined
  readonly findDeployment: (deploymentId: string) => Deployment | undefined
  /** Made when it is first needed. */
  readonly signer: () => Promise<Signer>
  readonly isClosed: () => boolean
}

type Operation = (input: JsonObject, options: CommandServiceOptions) => JsonObject | Promise<JsonObject>

const operations: Readonly<Record<string, Operation>> = {
  PollHostCommand: pollHostCommand,
  GetDeploymentSpecification: getDeploymentSpecification,
  PutHostCommandAcknowledgement: putHostCommandAcknowledgement,
  PostHostCommandUpdate: postHostCommandUpdate,
  PutHostCommandComplete: putHostCommandComplete,
}

export function createCommandService(options: CommandServiceOptions): JsonService {
  return {
    targetPrefix: 'CodeDeployCommandService_v20141006',
    signingName: 'codedeploy-commands',
    handle: async (name, input) => {
      if (options.isClosed()) throw new ServiceFault('ServerException', 'local-aws is closed.', 503)
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
      if (operation) return operation(input, options)
      const known = Object.keys(operations).join(', ')
      throw refuse(`local-aws has no operation ${name} of CodeDeploy's command service; it has ${known}.`)
    },
    // What waits for agents is a part of the deployments, which the service closes.
    close: () => Promise.resolve(),
  }
}

function pollHostCommand(input: JsonObject, options: CommandServiceOptions): JsonObject {
  const identity = readRequired(input, 'HostIdentifier')
  const command = options.queue.take(findHost(identity, options))
  if (!command) return {}
  return {
    HostCommand: {
      HostCommandIdentifier: command.id,
      // The agent compares it with its own.
      HostIdentifier: identity,
      DeploymentExecutionId: executionIdOf(command, options.place),
      CommandName: command.event,
      Nonce: command.nonce,
    },
  }
}

async function getDeploymentSpecification(input: JsonObject, options: CommandServiceOptions): Promise<JsonObject> {
  const executionId = readRequired(input, 'DeploymentExecutionId')
  const host = findHost(readRequired(input, 'HostIdentifier'), options)
  const [, , , deploymentId = ''] = executionId.split('/')
  const deployment = options.findDeployment(deploymentId)
  if (!deployment || executionId !== executionIdOf({ deploymentId }, options.place)) {
    throw refuse(`The deployment execution ${JSON.stringify(executionId)} is not known.`)
  }
  if (!deployment.targets.some(({ targetId }) => targetId === host)) {
    throw refuse(`The host ${host} has no part in the deployment ${deploymentId}.`)
  }
  const { seal } = await options.signer()
  const Payload = seal(JSON.stringify(specificationOf(deployment)))
  return {
    // The agent refuses another system, and any format but this one outside of its local tool.
    DeploymentSystem: 'CodeDeploy',
    DeploymentSpecification: { GenericEnvelope: { Format: 'PKCS7/JSON', Payload } },
  }
}

/** An agent that has nothing to do is not asked to do it: Succeeded tells it to go on to its next command. */
function putHostCommandAcknowledgement(input: JsonObject, options: CommandServiceOptions): JsonObject {
  const command = findCommand(input, options)
  if (isNoop(readDiagnostics(input))) command.complete({ status: 'Succeeded', code: 'Success' })
  const seconds = readNumber(input, 'HostCommandMaxDurationInSeconds')
  command.acknowledge(seconds === undefined ? undefined : seconds * 1000)
  return { CommandStatus: command.status() }
}

/** No agent is known to send it; it tells that the command is still wanted. */
function postHostCommandUpdate(input: JsonObject, options: CommandServiceOptions): JsonObject {
  const command = findCommand(input, options)
  readDiagnostics(input)
  return { CommandStatus: command.status() }
}

function putHostCommandComplete(input: JsonObject, options: CommandServiceOptions): JsonObject {
  const command = findCommand(input, options)
  const status = readRequired(input, 'CommandStatus')
  if (status !== 'Succeeded' && status !== 'Failed') {
    throw refuse(`CommandStatus is ${status}; a command is completed as Succeeded or Failed.`)
  }
  command.complete(answerOf(status, readDiagnostics(input)))
  return {}
}

/** Four parts with slashes between them, at most 129 characters: the agent's model asks for them. */
function executionIdOf({ deploymentId }: Pick<HostCommand, 'deploymentId'>, { account, region }: Place): string {
  return `CodeDeploy/${region}/${account}/${deploymentId}`
}

function findHost(identity: string, { findHost: find }: CommandServiceOptions): string {
  const host = find(identity)
  if (host === undefined) {
    throw refuse(`The host ${identity} is not known: register it with RegisterOnPremisesInstance under this very ARN.`)
  }
  return host
}

function findCommand(input: JsonObject, { queue }: CommandServiceOptions): HostCommand {
  const id = readRequired(input, 'HostCommandIdentifier')
  const command = queue.find(id)
  if (!command) throw refuse(`The host command ${JSON.stringify(id)} is not known.`)
  return command
}

function readDiagnostics(input: JsonObject): string | undefined {
  const envelope = readObject(input, 'Diagnostics')
  const payload = envelope && readText(envelope, 'Payload')
  if (payload !== undefined && payload.length > maximumPayloadLength) {
    throw refuse(`The diagnostics have ${payload.length} characters; at most ${maximumPayloadLength} are allowed.`)
  }
  return payload
}

function readRequired(input: JsonObject, name: string): string {
  const value = readText(input, name)
  if (!value) throw refuse(`${name} is missing.`)
  return value
}

/** The agent's model of the service has one error for a request that is wrong. */
function refuse(message: string): ServiceFault {
  return new ServiceFault('ClientException', message)
}
