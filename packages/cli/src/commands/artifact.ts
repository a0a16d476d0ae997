import { parseArtifact } from '@fairlead/core'
import type { CommonOptions } from '../command-context.ts'
import { given, openStore, storeOption } from '../options.ts'
import { readInput } from '../ports/input.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'

interface BuildOptions extends CommonOptions {
  readonly root: string
  readonly include: string[]
  readonly exclude?: string[]
  readonly output: string
  readonly application?: string
  readonly appspec: boolean
}

interface PublishOptions extends CommonOptions {
  readonly store: string
  readonly whenDifferent?: 'fail' | 'use-existing'
}

export const artifactCommands: CommandGroup = (program, io) => {
  const group = program.command('artifact').description('build, read and publish artifacts')

  subcommand<BuildOptions>(
    group,
    io,
    {
      usage: 'build',
      summary: 'make one reproducible zip of a committed tree that holds no secret',
      options: (command) =>
        command
          .option('--root <folder>', 'the folder that holds the files', '.')
          .requiredOption('--include <glob>', 'what goes in, relative to the root; may be given several times', collect)
          .option('--exclude <glob>', 'what stays out; may be given several times', collect)
          .requiredOption('--output <file>', 'where the artifact goes')
          .option('--application <name>', 'default: the name in package.json, else that of the folder')
          .option('--no-appspec', 'do not ask for an appspec.yml'),
    },
    async (_args, options, { ambient, answer }) => {
      const { buildArtifact } = await import('@fairlead/artifact-builder')
      const { root, include, exclude, output, application, appspec } = options
      const artifact = await buildArtifact({
        ...given({ root, include, exclude, output, application }),
        requireAppSpec: appspec,
        ...ambient,
      })
      answer(artifact, [
        `${artifact.path}  ${artifact.sizeBytes} bytes  commit ${artifact.commit}`,
        `sha256 ${artifact.sha256}`,
      ])
    },
  )

  subcommand<CommonOptions>(
    group,
    io,
    { usage: 'read <artifact>', summary: 'verify an artifact against the manifest inside it' },
    async ([path = ''], _options, { ambient, answer }) => {
      const { readArtifact } = await import('@fairlead/artifact-builder')
      const { artifact, manifest } = await readArtifact(path, { signal: ambient.signal })
      const entries = manifest.entries.map(
        (entry) => `${entry.mode}  ${String(entry.sizeBytes).padStart(10)}  ${entry.path}`,
      )
      answer({ artifact, manifest }, [
        `${artifact.application}  commit ${artifact.commit}  sha256 ${artifact.sha256}`,
        ...entries,
      ])
    },
  )

  subcommand<PublishOptions>(
    group,
    io,
    {
      usage: 'publish <artifact>',
      summary: 'put an artifact into the store once; takes an archive or what `artifact build --json` answered',
      options: (command) =>
        storeOption(command).option(
          '--when-different <what>',
          'other bytes for the commit: fail, or use-existing',
          'fail',
        ),
    },
    async ([path = ''], { store, whenDifferent }, { ambient, answer }) => {
      const { publishArtifact } = await import('@fairlead/s3-publisher')
      const artifact = /\.(zip|tar|tgz)$/.test(path)
        ? await artifactOfArchive(path, ambient.signal)
        : parseArtifact(await readInput(path), path)
      const publication = await publishArtifact(artifact, {
        store: await openStore(store),
        ...given({ whenDifferent }),
        ...ambient,
      })
      const state = publication.alreadyPublished ? 'was published before' : 'published'
      answer(publication, [
        `${state}: commit ${publication.commit}  sha256 ${publication.sha256}`,
        JSON.stringify(publication.location),
      ])
    },
  )
}

async function artifactOfArchive(path: string, signal: AbortSignal) {
  const { readArtifact } = await import('@fairlead/artifact-builder')
  return (await readArtifact(path, { signal })).artifact
}
