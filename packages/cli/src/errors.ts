import { defineErrors, describeError } from '@fairlead/core'

/** What the command itself can refuse; the libraries' errors pass through it as they are. */
export const cliErrors = defineErrors('cli', {
  INPUT_UNREADABLE: describeError<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot read ${path} (${reason})`,
    hint: 'Give the path of a file, or - for standard input.',
    example: { path: 'artifact.json', reason: 'ENOENT' },
  }),
  INPUT_NOT_JSON: describeError<{ path: string }>({
    message: ({ path }) => `${path} is no JSON object`,
    // V8's own words quote the text, and a file of seeds holds secrets.
    hint: 'Look for a missing quote or a comma too many; what it says is not repeated here, since it may hold secrets.',
    example: { path: 'local-aws.json' },
  }),
  OPTION_ALONE: describeError<{ given: string; missing: string }>({
    message: ({ given, missing }) => `${given} was given without ${missing}`,
    hint: ({ given, missing }) => `Give ${missing} too, or leave ${given} out.`,
    example: { given: '--dotenv-file', missing: '--from' },
  }),
  COMMAND_FAILED: describeError<{ command: string; ending: string }>({
    message: ({ command, ending }) => `the command ${JSON.stringify(command)} ended ${ending}`,
    hint: 'What it printed stands above. It runs in the folder of the release, with FAIRLEAD_RELEASE set.',
    example: { command: 'systemctl reload php8.2-fpm', ending: 'with 1' },
  }),
  PLACEHOLDER_UNKNOWN: describeError<{ given: string; placeholder: string }>({
    message: ({ given, placeholder }) => `${JSON.stringify(given)} has ${placeholder}, which nothing fills in`,
    hint: 'Give {application}, {group}, or the name as it is.',
    example: { given: 'shop/{env}/env', placeholder: '{env}' },
  }),
  NOT_IN_A_HOOK: describeError<{ given: string; variable: string }>({
    message: ({ given, variable }) => `${JSON.stringify(given)} needs ${variable}, which is not set`,
    hint: "CodeDeploy's agent sets it for every hook; elsewhere set it, or write the name out.",
    example: { given: 'shop/{group}/env', variable: 'DEPLOYMENT_GROUP_NAME' },
  }),
  VARIABLE_MISSING: describeError<{ option: string; variable: string }>({
    message: ({ option, variable }) => `${option} names ${variable}, which is not set, or empty`,
    hint: ({ option }) => `CI servers give secrets to trusted builds only; leave ${option} out in the others.`,
    example: { option: '--cache-key-env', variable: 'FAIRLEAD_CACHE_KEY' },
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
