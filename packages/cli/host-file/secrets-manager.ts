/**
 * Stands in for `@aws-sdk/client-secrets-manager` in the file for hosts. To load the SDK and take a call through it costs more time
 * than all the rest of an injection (docs/decisions/0015). So a call is made without it first, where the environment sets no more than
 * a region, keys and an endpoint. Whatever comes of it that is not the answer is left to the SDK, which begins anew: retries, other
 * sources of credentials, errors and their words are the SDK's.
 */
import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { openAccess, type Access } from './direct/access.ts'
import { callDirectly } from './direct/call.ts'

type GetInput = Sdk.GetSecretValueCommandInput
type BatchInput = Sdk.BatchGetSecretValueCommandInput
type Output = Sdk.GetSecretValueCommandOutput | Sdk.BatchGetSecretValueCommandOutput

export class GetSecretValueCommand {
  readonly action = 'GetSecretValue'
  readonly input: GetInput
  constructor(input: GetInput) {
    this.input = input
  }
}

export class BatchGetSecretValueCommand {
  readonly action = 'BatchGetSecretValue'
  readonly input: BatchInput
  constructor(input: BatchInput) {
    this.input = input
  }
}

type Command = GetSecretValueCommand | BatchGetSecretValueCommand

/** The options that the injector gives. */
export interface ClientOptions {
  readonly region?: string
  readonly endpoint?: string
  readonly requestHandler: {
    readonly connectionTimeout: number
    readonly requestTimeout: number
    readonly throwOnRequestTimeout: boolean
  }
}

export class SecretsManagerClient {
  readonly #options: ClientOptions
  #access: Promise<Access | undefined> | undefined
  #client: Promise<{ sdk: typeof Sdk; client: Sdk.SecretsManagerClient }> | undefined

  constructor(options: ClientOptions) {
    this.#options = options
  }

  async send(command: Command, { abortSignal }: { readonly abortSignal: AbortSignal }): Promise<Output> {
    return (await this.#trySend(command, abortSignal)) ?? (await this.#sendBySdk(command, abortSignal))
  }

  async #trySend(command: Command, abortSignal: AbortSignal): Promise<Output | undefined> {
    const timeoutMs = this.#options.requestHandler.connectionTimeout
    const signal = AbortSignal.any([abortSignal, AbortSignal.timeout(timeoutMs)])
    try {
      this.#access ??= openAccess(this.#options)
      const access = await this.#access
      return access && ((await callDirectly(access, command, signal)) as Output | undefined)
    } catch {
      // The SDK will meet the same, and says what it is.
      return undefined
    }
  }

  async #sendBySdk(command: Command, abortSignal: AbortSignal): Promise<Output> {
    this.#client ??= openSdk(this.#options)
    const { sdk, client } = await this.#client
    return command instanceof GetSecretValueCommand
      ? client.send(new sdk.GetSecretValueCommand(command.input), { abortSignal })
      : client.send(new sdk.BatchGetSecretValueCommand(command.input), { abortSignal })
  }

  destroy(): void {
    const nothing = () => {}
    this.#access?.then((access) => access?.agent.destroy(), nothing)
    this.#client?.then(({ client }) => client.destroy(), nothing)
  }
}

async function openSdk(options: ClientOptions) {
  const sdk = await import('@aws-sdk/client-secrets-manager')
  return { sdk, client: withoutVersionWarning(() => new sdk.SecretsManagerClient(options)) }
}

/** As the injector does it around the constructor, which has been called when this is needed. */
function withoutVersionWarning<T>(create: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
  const before = process.env[name]
  process.env[name] = 'true'
  try {
    return create()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}
