/** `npm run bench -- <what>`: measures a library beside what people use instead, prints a table and writes a file. */
import { benchArtifacts, usage as artifactUsage } from './artifact/bench.ts'
import { benchLocalAws, usage as localAwsUsage } from './local-aws/bench.ts'
import { benchReleases, usage as releaseUsage } from './release/bench.ts'

const subjects: Readonly<Record<string, { run: (args: readonly string[]) => Promise<void>; usage: string }>> = {
  artifact: { run: benchArtifacts, usage: artifactUsage },
  'local-aws': { run: benchLocalAws, usage: localAwsUsage },
  release: { run: benchReleases, usage: releaseUsage },
}

const [name = '', ...args] = process.argv.slice(2)
const subject = subjects[name]
try {
  if (subject === undefined) throw new Error(`what is to be measured? There are: ${Object.keys(subjects).join(', ')}`)
  await subject.run(args)
} catch (error) {
  const usage =
    subject?.usage ??
    Object.values(subjects)
      .map((one) => one.usage)
      .join('\n\n')
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = 2
}
