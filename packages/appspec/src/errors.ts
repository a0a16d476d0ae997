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
})
