import type { CommonOptions } from '../command-context.ts'
import { readInput } from '../ports/input.ts'
import { subcommand, type CommandGroup } from '../program.ts'

export const appspecCommands: CommandGroup = (program, io) => {
  const group = program.command('appspec').description('the appspec.yml of CodeDeploy')

  subcommand<CommonOptions>(
    group,
    io,
    {
      usage: 'check [file]',
      summary: 'every defect at its line; ends with 1 where one is an error. Default: appspec.yml',
    },
    async ([path = 'appspec.yml'], _options, { answer, fail }) => {
      const { checkAppSpec } = await import('@fairlead/appspec')
      const findings = checkAppSpec(await readInput(path))
      answer(
        findings,
        findings.length === 0
          ? [`${path} is sound`]
          : findings.map(
              ({ line, column, severity, rule, message, cure }) =>
                `${path}:${line}:${column} ${severity} ${rule}: ${message}\n  ${cure}`,
            ),
      )
      if (findings.some(({ severity }) => severity === 'error')) fail()
    },
  )
}
