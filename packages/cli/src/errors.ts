import { defineErrors, describeError } from '@fairlead/core'

/** What the command itself can refuse; the libraries' errors pass through it as they are. */
export const cliErrors = defineErrors('cli', {
  INPUT_UNREADABLE: describeError<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot read ${path} (${reason})`,
    hint: 'Give the path of a file, or - for standard input.',
    example: { path: 'artifact.json', reason: 'ENOENT' },
  }),
  STORE_ADDRESS_INVALID: describeError<{ given: string }>({
    message: ({ given }) => `${JSON.stringify(given)} is no store, expected s3://bucket/prefix or the path of a folder`,
    hint: 'For example --store s3://artifacts/shop, or --store ./store to try it without AWS.',
    example: { given: 'https://artifacts.example' },
  }),
  TARGET_INVALID: describeError<{ given: string }>({
    message: ({ given }) => `${JSON.stringify(given)} is no target, expected application/deployment-group`,
    hint: 'For example --target shop/production; --region says where.',
    example: { given: 'production' },
  }),
  ASSIGNMENT_INVALID: describeError<{ given: string; form: string }>({
    message: ({ given, form }) => `${JSON.stringify(given)} is not of the form ${form}`,
    hint: 'Quote the argument for the shell.',
    example: { given: 'config/jwt/private.pem', form: 'PATH=SECRET' },
  }),
})
