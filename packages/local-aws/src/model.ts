import type { AmbientOptions, DeployEvent, JsonObject } from '@fairlead/core'
import type { HostEvent } from '@fairlead/host-agent'
import type { SimulatedHost } from './codedeploy/agent.ts'
import type { CodeDeployApplication, CodeDeployHost, SetAlarm } from './codedeploy/service.ts'
import type { CodeDeployEvent } from './codedeploy/model.ts'
import type { Fault, FaultRule, Faults } from './faults/model.ts'
import type { Inspection } from './inspect.ts'
import type { RotateSecretFunction, RotationEndedEvent } from './secrets-manager/rotation.ts'
import type { SdkClients } from './ports/sdk-clients.ts'

/** A bucket to begin with. */
export interface BucketSeed {
  readonly name: string
  /** Whether it keeps versions. Default: false. */
  readonly versioned?: boolean | undefined
  /** The objects by their keys; text, bytes, or both with what is kept beside them. */
  readonly objects?: Readonly<Record<string, string | Uint8Array | ObjectSeed>> | undefined
  /** A bucket policy, as an object or as JSON text. */
  readonly policy?: string | JsonObject | undefined
}

/** An object to begin with. */
export interface ObjectSeed {
  readonly body: string | Uint8Array
  /** Default: binary/octet-stream. */
  readonly contentType?: string | undefined
  /** `x-amz-meta-` by name, without the prefix. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What IAM lets somebody do. What nothing allows is denied. */
export interface Permissions {
  /** `s3:PutObject on arn:aws:s3:::artifacts/*`; without ` on …`, on everything. `*` and `?` stand for what they do in IAM. */
  readonly allow?: readonly string[] | undefined
  /** Of the same form; outweighs every permission. */
  readonly deny?: readonly string[] | undefined
}

/** A user of IAM. */
export interface UserSeed extends Permissions {
  readonly name: string
}

/** A user whose key signs. */
export interface LocalAwsUser {
  readonly name: string
  readonly arn: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Clients of the AWS SDK that sign with the user's key. */
  readonly clients: SdkClients
  /** As `environment` of the server, with the user's key. */
  readonly environment: Readonly<Record<string, string>>
}

/** A request that was answered. Never holds a value: no secret, no body, no signature. */
export interface RecordedCall {
  /** As in an ARN: `s3`, `secretsmanager`, `codedeploy`, `sts`. */
  readonly service: string
  /** The operation, for example `HeadObject`. */
  readonly action: string
  /** The IAM actions that AWS would ask for, for example `s3:GetObject`. */
  readonly permissions: readonly string[]
  /** The ARN, or the name as the request gave it; missing where it names nothing. */
  readonly resource?: string | undefined
  /** When it was answered: ISO 8601, UTC, with milliseconds. */
  readonly at: string
  /** Of the answer, in HTTP's numbers; 0 where none was sent. */
  readonly status: number
  /** The kind of fault that it met, where one was ordered. */
  readonly fault?: Fault['kind'] | undefined
}

/** A request was answered. */
export interface CallAnsweredEvent extends DeployEvent {
  readonly type: 'local-aws.call-answered'
  readonly call: RecordedCall
}

export type LocalAwsEvent = CallAnsweredEvent | CodeDeployEvent | HostEvent | RotationEndedEvent

export interface LocalAwsOptions extends AmbientOptions<LocalAwsEvent> {
  /** Twelve digits. Default: 123456789012. */
  readonly account?: string | undefined
  /** Default: us-east-1. */
  readonly region?: string | undefined
  /** Default: a free one. */
  readonly port?: number | undefined
  readonly buckets?: readonly BucketSeed[] | undefined
  /** Users beside the one whose `credentials` may do everything. */
  readonly users?: readonly UserSeed[] | undefined
  /** What the role of the hosts may do: hooks have its keys. Default: everything. */
  readonly hostRole?: Permissions | undefined
  /** Faults that wait from the start. */
  readonly faults?: readonly FaultRule[] | undefined
  /** Runs in the place of the Lambda function that rotates secrets. Without it RotateSecret is refused. */
  readonly rotate?: RotateSecretFunction | undefined
  /** The value of each secret by its name; bytes become a binary secret. */
  readonly secrets?: Readonly<Record<string, string | Uint8Array>> | undefined
  /** Folders that stand for machines. A relative folder is one of the working directory. */
  readonly hosts?: readonly CodeDeployHost[] | undefined
  /** Hosts whose hooks are answered in this process: a fleet of a thousand takes no folder and no script. */
  readonly simulatedHosts?: readonly SimulatedHost[] | undefined
  readonly applications?: readonly CodeDeployApplication[] | undefined
  /**
   * Keeps buckets, objects and secrets in this folder; a later start finds them, and its seeds add to them. Multipart
   * uploads in progress and CodeDeploy's records are not kept. Default: a temporary folder that `close` removes.
   */
  readonly folder?: string | undefined
}

/** A running server. */
export interface LocalAws {
  /** `http://127.0.0.1:<port>`: one for all services. */
  readonly endpoint: string
  readonly region: string
  readonly account: string
  /** Random for each start. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Clients of the AWS SDK, each loaded and made when it is first asked for; `close` destroys them. */
  readonly clients: SdkClients
  /**
   * Points the AWS SDKs and the `aws` CLI of a child process here, away from profiles and from the metadata service.
   * Debian 12's CLI (2.9) needs `--endpoint-url` too. A child that inherits AWS_PROFILE fails: leave it out.
   */
  readonly environment: Readonly<Record<string, string>>
  /** Adds a user with a key of their own. Throws INVALID_OPTION where the name is taken or a permission is none. */
  readonly addUser: (user: UserSeed) => LocalAwsUser
  /** A user of the option `users`, or one who was added. Throws INVALID_OPTION where there is none. */
  readonly user: (name: string) => LocalAwsUser
  /** Orders faults, or takes them back. */
  readonly faults: Faults
  /** What is there, without a request: nothing of this is in `calls`, and no fault meets it. */
  readonly inspect: Inspection
  readonly hosts: readonly CodeDeployHost[]
  /** What was answered so far, the oldest first; grows. */
  readonly calls: readonly RecordedCall[]
  /** Resolves when no deployment runs, rollbacks included, and no rotation of a secret. */
  readonly whenIdle: () => Promise<void>
  /** Turns an alarm on or off: there is no CloudWatch here. Deployments that listen to one that is on are stopped. */
  readonly setAlarm: SetAlarm
  /**
   * Cuts connections, stops deployments and the hooks that they run, and removes what is temporary. May be called twice.
   * Rejects with what `onEvent` threw, if it did.
   */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
