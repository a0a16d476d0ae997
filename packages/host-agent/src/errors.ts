import { defineErrors, describeError } from '@fairlead/core'

/** What can fail in this package before anything runs. What fails on the host is a result, not an error. */
export const hostAgentErrors = defineErrors('host-agent', {
  HOST_INVALID: describeError<{ field: string; given: string; expected: string }>({
    message: ({ field, given, expected }) => `this is not a host: ${field} is ${given}, expected ${expected}`,
    hint: 'Give a name and an absolute folder of its own: everything that a deployment writes goes below it.',
    example: { field: 'folder', given: '"/"', expected: 'an absolute path of a folder, not the root' },
  }),
  HOST_DEPLOYMENT_INVALID: describeError<{ field: string; given: string; expected: string }>({
    message: ({ field, given, expected }) =>
      `the host cannot take this deployment: ${field} is ${given}, expected ${expected}`,
    hint: 'Hand over the deployment as the service made it; its ids become names of folders.',
    example: { field: 'deploymentId', given: '"../x"', expected: 'a name of a folder' },
  }),
  HOST_LOCAL_DEPLOYMENT_REFUSED: describeError<{ words: string }>({
    message: ({ words }) => words,
    hint: 'Nothing has run. Correct the bundle or the list of events.',
    example: {
      words: 'location /build/shop.zip is specified as a file or directory which does not exist',
    },
  }),
  HOST_BUNDLE_UNREADABLE: describeError<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} cannot be rehearsed: ${reason}`,
    hint: 'Name a folder, a .zip, a .tar or a .tgz.',
    example: { path: 'build/shop.zip', reason: 'there is nothing' },
  }),
  HOST_REHEARSAL_REFUSED: describeError<{ reason: string }>({
    message: ({ reason }) => `nothing was rehearsed: ${reason}`,
    hint: 'Install bubblewrap, rehearse as another user, or say asRoot: true on a machine that may be spoilt.',
    example: { reason: 'the scripts would run as root, without a sandbox' },
  }),
})
