export { diffInjection } from './diff-injection.ts'
export { errors as secretsInjectorErrors } from './errors.ts'
export { injectSecrets } from './inject-secrets.ts'
export {
  injectionPolicy,
  type InjectionPolicyOptions,
  type PolicyDocument,
  type PolicyStatement,
} from './injection-policy.ts'
export type {
  DialectName,
  EnvFileOptions,
  FetchOptions,
  FileDifference,
  InjectedFile,
  InjectedSource,
  InjectionDifference,
  InjectionEvent,
  InjectionPlan,
  InjectionReport,
  InjectionRequest,
  InjectSecretsOptions,
  KeyChecks,
  PlannedFile,
  SecretRequest,
  SecretsClient,
  SecretSource,
  SecretStore,
  StoredSecret,
} from './model.ts'
export { planInjection } from './plan/injection.ts'
export type { ChildEnd } from './ports/child.ts'
export { readSecrets, type ReadSecretsOptions } from './read-secrets.ts'
export { redactor } from './redactor.ts'
export { secret, secretsByConvention, type ConventionOptions, type SecretOptions } from './secret.ts'
export { secretValue, type SecretValue } from './secret-value.ts'
export type { StandardIssue, StandardSchemaV1 } from './standard-schema.ts'
export { withSecrets, type WithSecretsOptions } from './with-secrets.ts'
