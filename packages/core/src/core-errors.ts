import { defineErrors, describeError } from './errors.ts'

/** What can fail in any library: options, records, the tools and services that a port talks to. */
export const coreErrors = defineErrors('core', {
  UNKNOWN_OPTION: describeError<{
    verb: string
    option: string
    nearest?: string | undefined
    known: readonly string[]
  }>({
    message: ({ verb, option, known }) =>
      `${verb} has no option ${JSON.stringify(option)}; its options are ${known.join(', ')}`,
    hint: ({ nearest }) => (nearest ? `Did you mean ${JSON.stringify(nearest)}?` : 'Remove the option.'),
    example: { verb: 'buildArtifact', option: 'ouput', nearest: 'output', known: ['root', 'include', 'output'] },
  }),
  INVALID_OPTION: describeError<{ verb: string; option: string; given: string; expected: string }>({
    message: ({ verb, option, given, expected }) => `${verb}: the option ${option} is ${given}, expected ${expected}`,
    hint: ({ option }) => `Correct ${option}; leave it out for the default.`,
    example: { verb: 'startDeployment', option: 'whenBusy', given: '"later"', expected: '"fail" or "wait"' },
  }),
  INVALID_RECORD: describeError<{
    record: string
    path: string
    given: string
    expected: string
    from?: string | undefined
  }>({
    message: ({ record, path, given, expected, from }) =>
      `this is not a ${record}${from ? ` (${from})` : ''}: ${path} is ${given}, expected ${expected}`,
    hint: 'Hand over the value as the library wrote it; a record of a newer version needs a newer library.',
    example: { record: 'publication', path: 'commit', given: '"main"', expected: 'a full git commit id' },
  }),
  OBJECT_NOT_FOUND: describeError<{ store: string; key: string }>({
    message: ({ store, key }) => `${store} holds no ${key}`,
    hint: 'Check the bucket and the prefix of the store.',
    example: { store: 's3://artifacts/shop', key: 'commits/4f3c….json' },
  }),
  GIT_MISSING: describeError<{ command: string }>({
    message: ({ command }) => `cannot run ${command}: there is no git on the PATH`,
    hint: 'Install git.',
    example: { command: 'git rev-parse' },
  }),
  GIT_FAILED: describeError<{ command: string; folder: string; exitCode: number; stderr: string }>({
    message: ({ command, folder, exitCode, stderr }) =>
      `${command} failed in ${folder} with exit code ${exitCode}: ${stderr}`,
    hint: 'Run the same command by hand in that folder.',
    example: { command: 'git rev-parse', folder: '/srv/shop', exitCode: 128, stderr: 'fatal: not a git repository' },
  }),
  AWS_ACCESS_DENIED: describeError<{ action: string; resource: string; requestId?: string | undefined }>({
    message: ({ action, resource }) => `AWS denied ${action} on ${resource}`,
    hint: ({ action, resource }) => `Allow ${action} on ${resource} in the policy of the role that runs this.`,
    example: { action: 's3:PutObject', resource: 'arn:aws:s3:::artifacts/shop/*' },
  }),
  AWS_CREDENTIALS_MISSING: describeError<{ action: string; name: string }>({
    message: ({ action, name }) => `no valid AWS credentials for ${action} (${name})`,
    hint: 'Give the process a role, a profile (AWS_PROFILE) or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a session may have expired.',
    example: { action: 'codedeploy:CreateDeployment', name: 'CredentialsProviderError' },
  }),
  AWS_UNREACHABLE: describeError<{ action: string; endpoint: string; reason: string }>({
    message: ({ action, endpoint, reason }) => `${action} got no answer from ${endpoint} (${reason})`,
    hint: 'Check AWS_REGION, AWS_ENDPOINT_URL, the network and the proxy of this machine.',
    retryable: true,
    example: { action: 's3:PutObject', endpoint: 'http://127.0.0.1:1', reason: 'ECONNREFUSED' },
  }),
  AWS_THROTTLED: describeError<{ action: string; name: string; requestId?: string | undefined }>({
    message: ({ action, name }) => `AWS throttled ${action} (${name}) beyond the SDK's own retries`,
    hint: 'Try again later, or give the client more attempts (maxAttempts).',
    retryable: true,
    example: { action: 'codedeploy:GetDeployment', name: 'ThrottlingException' },
  }),
  AWS_REQUEST_FAILED: describeError<{
    action: string
    resource: string
    name: string
    detail?: string | undefined
    httpStatus?: number | undefined
    requestId?: string | undefined
  }>({
    message: ({ action, resource, name, detail }) =>
      `${action} on ${resource} failed: ${name}${detail ? `: ${detail}` : ''}`,
    hint: 'Look the name up in the reference of the service; AWS support asks for the request id.',
    example: { action: 'codedeploy:CreateDeployment', resource: 'shop', name: 'InvalidRoleException', httpStatus: 400 },
  }),
})
