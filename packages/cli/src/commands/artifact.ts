import type { DiffSubject } from '@fairlead/artifact-builder'
import { parseArtifact, parseManifest, type Artifact, type ManifestEntry } from '@fairlead/core'
import type { Command } from 'commander'
import {
  buildFlags,
  buildOptionsOf,
  explainFlag,
  planFlags,
  planOptionsOf,
  type BuildFlags,
  type PlanFlags,
} from '../artifact-flags.ts'
import type { CommonOptions } from '../command-context.ts'
import { given, openStore, storeOption } from '../options.ts'
import { differenceLegend, formatDifference } from '../plan/format-difference.ts'
import { printable } from '../plan/printable.ts'
import { readInput } from '../ports/input.ts'
import { subcommand, type CommandGroup } from '../program.ts'
import { answerPlan } from './artifact-plan.ts'

interface ReadOptions extends CommonOptions {
  readonly sha256?: string
  readonly contentDigest?: string
  readonly workers?: number
}

interface ExtractOptions extends ReadOptions {
  readonly into: string
  readonly durable?: boolean
}

interface PublishOptions extends CommonOptions {
  readonly store: string
  readonly whenDifferent?: 'fail' | 'use-existing'
}

const planNote = `
No file's content is read: secrets, a missing or wrong appspec.yml, and files that differ from the commit are found by
the build alone.`

function readOptions(command: Command): Command {
  return command
    .option('--sha256 <hex>', 'what the bytes must digest to; default: anything')
    .option('--content-digest <hex>', 'what the entries must digest to, whatever the commit; default: anything')
    .option('--workers <count>', 'threads; default: one for each core, four at the most', Number)
}

export const artifactCommands: CommandGroup = (program, io) => {
  const group = program.command('artifact').description('build, read, compare and publish artifacts')

  subcommand<BuildFlags>(
    group,
    io,
    {
      usage: 'build',
      summary: 'make one reproducible archive of a committed tree that holds no secret',
      options: buildFlags,
    },
    async (_args, flags, context) => {
      const { buildArtifact, secretRules } = await import('@fairlead/artifact-builder')
      const options = buildOptionsOf(flags, secretRules)
      if (flags.dryRun) return answerPlan(options, flags.explain, context)
      const artifact = await buildArtifact({ ...options, ...context.ambient })
      context.answer(artifact, formatArtifact(artifact))
    },
  )

  subcommand<PlanFlags>(
    group,
    io,
    {
      usage: 'plan',
      summary: 'what a build would put in, and why; ends with 1 where it would be refused',
      options: (command) =>
        explainFlag(planFlags(command).option('--output <file>', 'where the artifact would go')).addHelpText(
          'after',
          planNote,
        ),
    },
    (_args, flags, context) => answerPlan(planOptionsOf(flags), flags.explain, context),
  )

  subcommand<ReadOptions>(
    group,
    io,
    {
      usage: 'verify <artifact>',
      summary: 'read every byte of an artifact, and compare it with its manifest and with what is known of it',
      options: readOptions,
    },
    async ([path = ''], options, { ambient, answer }) => {
      const { verifyArtifact } = await import('@fairlead/artifact-builder')
      const { artifact } = await verifyArtifact(path, { ...readOptionsOf(options), ...ambient })
      answer(artifact, formatArtifact(artifact))
    },
  )

  subcommand<CommonOptions>(
    group,
    io,
    {
      usage: 'list <artifact>',
      summary: 'mode, size and path of each entry of an artifact, verified; with --json its manifest',
    },
    async ([path = ''], _options, { ambient, answer }) => {
      const { readArtifact } = await import('@fairlead/artifact-builder')
      const { manifest } = await readArtifact(path, ambient)
      answer(manifest, manifest.entries.map(formatEntry).map(printable))
    },
  )

  subcommand<ExtractOptions>(
    group,
    io,
    {
      usage: 'extract <artifact>',
      summary: 'unpack an artifact into a new folder, verified: all of it or nothing',
      options: (command) =>
        readOptions(
          command
            .requiredOption('--into <folder>', 'the folder to make: not there yet, or empty')
            .option('--durable', 'end only when everything is on the disk'),
        ),
    },
    async ([path = ''], options, { ambient, answer }) => {
      const { extractArtifact } = await import('@fairlead/artifact-builder')
      const { into, durable } = options
      const extracted = await extractArtifact(path, {
        into,
        ...given({ durable }),
        ...readOptionsOf(options),
        ...ambient,
      })
      const { entries, commit } = extracted.manifest
      answer(extracted, [`${extracted.path}  ${entries.length} entries  commit ${commit}`])
    },
  )

  subcommand<CommonOptions & { readonly exitCode?: boolean }>(
    group,
    io,
    {
      usage: 'diff <before> <after>',
      summary: 'what one artifact has that another has not; each an archive, or what `artifact list --json` answered',
      options: (command) =>
        command.option('--exit-code', 'end with 1 where they differ').addHelpText('after', `\n${differenceLegend}`),
    },
    async ([before = '', after = ''], { exitCode }, { ambient, answer, fail }) => {
      const { diffArtifacts } = await import('@fairlead/artifact-builder')
      const sides = { before: await readDiffSubject(before), after: await readDiffSubject(after) }
      const difference = await diffArtifacts(sides, { signal: ambient.signal })
      answer(difference, formatDifference(difference).map(printable))
      if (exitCode && !difference.isSame) fail()
    },
  )

  subcommand<PublishOptions>(
    group,
    io,
    {
      usage: 'publish <artifact>',
      summary: 'put an artifact into the store once; takes an archive or what `artifact build|verify --json` answered',
      options: (command) =>
        storeOption(command).option(
          '--when-different <what>',
          'other bytes for the commit: fail, or use-existing',
          'fail',
        ),
    },
    async ([path = ''], { store, whenDifferent }, { ambient, answer }) => {
      const { publishArtifact } = await import('@fairlead/s3-publisher')
      const artifact = isArchive(path)
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

function formatArtifact(artifact: Artifact): readonly string[] {
  const { path, entryCount, sizeBytes, commit, sha256, contentDigest } = artifact
  return [
    `${path}  ${entryCount} entries  ${sizeBytes} bytes  commit ${commit}`,
    `sha256 ${sha256}`,
    `contentDigest ${contentDigest}`,
  ]
}

function formatEntry({ mode, sizeBytes, path, type }: ManifestEntry): string {
  return `${mode}  ${String(sizeBytes).padStart(10)}  ${path}${type === 'directory' ? '/' : ''}`
}

function readOptionsOf({ sha256: expectedSha256, contentDigest: expectedContentDigest, workers }: ReadOptions) {
  return given({ expectedSha256, expectedContentDigest, workers })
}

/** By the name alone: a record may come through a pipe, of which a look at its first bytes would take them away. */
function isArchive(path: string): boolean {
  return /\.(zip|tar|tgz|tar\.gz)$/.test(path)
}

async function artifactOfArchive(path: string, signal: AbortSignal): Promise<Artifact> {
  const { readArtifact } = await import('@fairlead/artifact-builder')
  return (await readArtifact(path, { signal })).artifact
}

async function readDiffSubject(path: string): Promise<DiffSubject> {
  return isArchive(path) ? path : parseManifest(await readInput(path), path)
}
