import { defineErrors, describeError } from '@fairlead/core'
import type { AppSpecFinding } from './model.ts'

/** What can fail in this package. */
export const appSpecErrors = defineErrors('appspec', {
  APPSPEC_INVALID: describeError<{ defects: readonly AppSpecFinding[] }>({
    message: ({ defects }) =>
      [
        `this is not an appspec.yml that CodeDeploy's agent takes; it has ${defects.length === 1 ? 'one defect' : `${defects.length} defects`}:`,
        ...defects.map(({ line, column, message, rule }) => `  ${line}:${column} ${message} (${rule})`),
      ].join('\n'),
    hint: ({ defects }) => [...new Set(defects.map(({ cure }) => cure))].join(' '),
    example: {
      defects: [
        {
          severity: 'error',
          rule: 'version-quoted',
          path: 'version',
          line: 1,
          column: 10,
          message: 'version is the text "0.0", expected the number 0.0',
          cure: 'Write `version: 0.0`, without quotes.',
          given: '0.0',
        },
      ],
    },
  }),
  APPSPEC_VARIABLES: describeError<{
    missing: readonly { readonly name: string; readonly line: number; readonly column: number }[]
    unused: readonly string[]
  }>({
    message: ({ missing, unused }) =>
      [
        'the variables of the appspec.yml do not match the values:',
        ...missing.map(({ name, line, column }) => `  ${line}:${column} there is no value for $(${name})`),
        ...unused.map((name) => `  the value ${name} is not used`),
      ].join('\n'),
    hint: 'Give exactly the variables that the file names; write $$( for the two characters themselves.',
    example: { missing: [{ name: 'ROOT', line: 4, column: 14 }], unused: ['ROTO'] },
  }),
})
