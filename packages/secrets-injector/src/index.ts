export { errors as secretsInjectorErrors } from './errors.ts'
export { injectSecrets } from './inject-secrets.ts'
export type {
  DialectName,
  EnvFileOptions,
  InjectedFile,
  InjectedSource,
  InjectionEvent,
  InjectionPlan,
  InjectionReport,
  InjectionRequest,
  InjectSecretsOptions,
  PlannedFile,
  SecretRequest,
  SecretsClient,
  SecretSource,
} from './model.ts'
export { planInjection } from './plan/injection.ts'
export { secret, type SecretOptions } from './secret.ts'
