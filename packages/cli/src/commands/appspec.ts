import type { CommonOptions } from '../command-context.ts'
import { parseAssignments } from '../options.ts'
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
  subcommand<CommonOptions & { readonly set?: readonly string[] }>(
    group,
    io,
    {
      usage: 'render [file]',
      summary: 'write the file with values for its variables $(NAME). Default: appspec.yml',
      options: (command) => command.option('--set <NAME=VALUE...>', 'a value; all that the file names, and no other'),
    },
    async ([path = 'appspec.yml'], { set }, { answer }) => {
      const { renderAppSpec } = await import('@fairlead/appspec')
      const text = renderAppSpec(await readInput(path), { variables: parseAssignments(set, 'NAME=VALUE') })
      answer({ text }, text.replace(/\n$/, '').split('\n'))
    },
  )
}
