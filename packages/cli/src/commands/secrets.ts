import type { CommonOptions } from '../command-context.ts'
import { given, parseAssignments, requireTogether } from '../options.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'

interface InjectOptions extends CommonOptions {
  readonly directory: string
  readonly owner?: string
  readonly dotenvFile?: string
  readonly dialect: 'symfony' | 'dotenv'
  readonly from?: string
  readonly expect?: string
  readonly file?: string[]
  readonly region?: string
}

export const secretsCommands: CommandGroup = (program, io) => {
  const group = program.command('secrets').description('secrets of an environment, onto a host')

  subcommand<InjectOptions>(
    group,
    io,
    {
      usage: 'inject',
      summary: 'write a dotenv file and key files from Secrets Manager, all or nothing',
      options: (command) =>
        command
          .requiredOption('--directory <folder>', 'where the files go')
          .option('--owner <user>', 'who may read them; default: who runs this')
          // Not --env-file: Node 20 takes that for itself, wherever it stands (https://github.com/nodejs/node/issues/54232).
          .option('--dotenv-file <name>', 'the dotenv file, for example .env.local; needs --from')
          .option('--dialect <name>', 'how it is read: symfony or dotenv', 'dotenv')
          .option('--from <secret>', 'the JSON secret whose fields become its variables; needs --dotenv-file')
          .option('--expect <file>', 'a dotenv file in the folder whose empty keys must be given')
          .option('--file <path=secret>', 'a key file and its secret; may be given several times', collect)
          .option('--region <region>', 'default: that of the environment'),
    },
    async (_args, options, { ambient, answer }) => {
      const { injectSecrets, secret } = await import('@fairlead/secrets-injector')
      const { directory, owner, dotenvFile: name, dialect, from, expect, region } = options
      requireTogether({ '--dotenv-file': name, '--from': from })
      const files = Object.entries(parseAssignments(options.file, 'PATH=SECRET'))
      const report = await injectSecrets({
        directory,
        ...given({ owner, region }),
        ...(name !== undefined && from !== undefined
          ? { envFile: { name, dialect, from: secret(from), ...given({ expect }) } }
          : {}),
        ...(files.length > 0 ? { files: Object.fromEntries(files.map(([path, id]) => [path, secret(id)])) } : {}),
        ...ambient,
      })
      answer(
        report,
        report.files.map((file) => `${file.changed ? 'written' : 'unchanged'}  ${file.path}`),
      )
    },
  )
}
