import type { LocalAwsOptions } from '@fairlead/local-aws'
import type { CommonOptions } from '../command-context.ts'
import { readJsonObject } from '../ports/input.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'

interface LocalAwsCliOptions extends CommonOptions {
  readonly config?: string
  readonly bucket?: string[]
  readonly data?: string
  readonly port?: number
}

export const localAwsCommands: CommandGroup = (program, io) => {
  subcommand<LocalAwsCliOptions>(
    program,
    io,
    {
      usage: 'local-aws',
      summary: 'S3, Secrets Manager and CodeDeploy on loopback, until Ctrl-C; executes the hooks that it is given',
      options: (command) =>
        command
          .option('--config <file>', 'JSON with the options of startLocalAws: buckets, secrets, hosts, applications')
          .option('--bucket <name>', 'a versioned bucket; may be given several times', collect)
          .option('--data <folder>', 'keeps buckets, objects and secrets there for the next start')
          .option('--port <number>', 'a fixed port; default: a free one', Number),
    },
    async (_args, { config, bucket = [], data, port }, { ambient, answer }) => {
      const { startLocalAws } = await import('@fairlead/local-aws')
      const seeds: LocalAwsOptions = config === undefined ? {} : await readJsonObject(config)
      const aws = await startLocalAws({
        ...seeds,
        ...(data === undefined ? {} : { folder: data }),
        ...(port === undefined ? {} : { port }),
        buckets: [...(seeds.buckets ?? []), ...bucket.map((name) => ({ name, versioned: true }))],
      })
      try {
        const { endpoint, region, account, environment } = aws
        answer({ endpoint, region, account, environment }, [
          ...Object.entries(environment).map(([name, value]) => `export ${name}=${value}`),
          `# aws --endpoint-url ${endpoint} s3 ls`,
        ])
        await new Promise<void>((resolve) => {
          if (ambient.signal.aborted) resolve()
          ambient.signal.addEventListener('abort', () => resolve(), { once: true })
        })
      } finally {
        await aws.close()
      }
    },
  )
}
