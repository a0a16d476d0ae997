export type { AnswerEvent, SimulatedEvent, SimulatedFailure, SimulatedHost } from './codedeploy/agent.ts'
export type { CodeDeployEvent } from './codedeploy/model.ts'
export type { CodeDeployApplication, CodeDeployGroup, CodeDeployHost, SetAlarm } from './codedeploy/service.ts'
export type { Fault, FaultRule, Faults, FaultStorm, OrderedFault } from './faults/model.ts'
export type { InspectedObject, InspectedSecret, Inspection } from './inspect.ts'
export type {
  BucketSeed,
  CallAnsweredEvent,
  LocalAws,
  LocalAwsEvent,
  LocalAwsOptions,
  LocalAwsUser,
  ObjectSeed,
  Permissions,
  RecordedCall,
  UserSeed,
} from './model.ts'
export type { SdkClients } from './ports/sdk-clients.ts'
export type { RotateSecretFunction, RotationEndedEvent, RotationStep } from './secrets-manager/rotation.ts'
export { startLocalAws } from './start-local-aws.ts'
