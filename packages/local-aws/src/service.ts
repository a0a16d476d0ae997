import type { JsonObject } from '@fairlead/core'
import type { Need } from './permissions/access.ts'

/** An error that a service answers on the wire, with the name that the SDK turns into a typed exception. */
export class ServiceFault extends Error {
  override readonly name: string
  readonly httpStatus: number

  constructor(name: string, message: string, httpStatus = 400) {
    super(message)
    this.name = name
    this.httpStatus = httpStatus
  }
}

/** Who calls, and where. */
export interface ServiceCall {
  /** Account id of twelve digits. */
  readonly account: string
  readonly region: string
  /** Aborts when the caller hangs up or the server closes. */
  readonly signal: AbortSignal
  /** Refuses a caller who lacks a permission that only the action itself knows of. Default: everybody may. */
  readonly requireAccess?: ((need: Need) => void) | undefined
}

/**
 * A service that speaks awsJson1.1: the server has verified the signature and parsed the body, and writes the answer.
 * Times in the answer are numbers of epoch seconds, as on the wire.
 */
export interface JsonService {
  /** Before the dot of `x-amz-target`, for example `CodeDeploy_20141006`. */
  readonly targetPrefix: string
  /** The service in the signature's scope, for example `codedeploy`. */
  readonly signingName: string
  /** Answers an action, or throws a {@link ServiceFault}. */
  readonly handle: (action: string, input: JsonObject, call: ServiceCall) => Promise<JsonObject>
  /** The ARN of what a name or an id stands for, where there is such a thing. */
  readonly findResource?: ((id: string) => string | undefined) | undefined
  /** Stops what runs and waits until nothing of it is left. */
  readonly close: () => Promise<void>
}
