import type { AppSpecFinding } from '@fairlead/appspec'
import { defineErrors, describeError } from '@fairlead/core'
import { namesInMessage } from './limits.ts'
import type { RefusedEntry, SecretFinding, TreeDifference } from './model.ts'
import type { MissingPackage } from './plan/production-dependencies.ts'

/** What can fail while an artifact is built or read. */
export const artifactErrors = defineErrors('artifact-builder', {
  ARTIFACT_ROOT_MISSING: describeError<{ root: string }>({
    message: ({ root }) => `cannot build an artifact of ${root}: there is no such folder`,
    hint: 'Give the folder that holds the files, relative to the working directory.',
    example: { root: '/srv/shop' },
  }),
  ARTIFACT_ROOT_NOT_A_FOLDER: describeError<{ root: string }>({
    message: ({ root }) => `cannot build an artifact of ${root}: it is not a folder`,
    hint: 'Give the folder that holds the files, and name the files in include.',
    example: { root: '/srv/shop/package.json' },
  }),
  ARTIFACT_OUTPUT_INSIDE_ROOT: describeError<{ output: string; path: string }>({
    message: ({ output, path }) =>
      `cannot write the artifact to ${output}: ${path} is chosen, so that it would be a part of itself`,
    hint: ({ path }) => `Write to another folder, or exclude ${JSON.stringify(path)} and the folder that it is in.`,
    example: { output: '/srv/shop/dist/shop.zip', path: 'dist/shop.zip' },
  }),
  ARTIFACT_OUTPUT_NOT_A_FILE: describeError<{ output: string; found: string }>({
    message: ({ output, found }) =>
      `cannot write the artifact to ${output}: it is ${found}, expected a file or nothing`,
    hint: 'Give the path of the zip, for example build/shop.zip.',
    example: { output: '/srv/shop/build', found: 'a folder' },
  }),
  ARTIFACT_OUTPUT_UNWRITABLE: describeError<{ output: string; reason: string }>({
    message: ({ output, reason }) => `cannot write the artifact to ${output} (${reason})`,
    hint: 'Check the folder, its permissions and the free space of its disk.',
    example: { output: '/srv/shop/build/shop.zip', reason: 'ENOSPC' },
  }),
  ARTIFACT_INCLUDE_UNMATCHED: describeError<{ root: string; globs: readonly string[] }>({
    message: ({ root, globs }) =>
      `nothing in ${root} is chosen by ${listed(globs.map((glob) => JSON.stringify(glob)))}`,
    hint: 'Build first; write "dist/**" for all of a folder; remove a glob that is no longer needed.',
    example: { root: '/srv/shop', globs: ['dist/**'] },
  }),
  ARTIFACT_ENTRY_REFUSED: describeError<{ root: string; entries: readonly RefusedEntry[] }>({
    message: ({ root, entries }) =>
      `${entries.length === 1 ? 'a path' : `${entries.length} paths`} of ${root} cannot be in an artifact: ${listed(
        entries.map(
          ({ path, source, reason, target }) =>
            `${source === undefined ? '' : `${source} as `}${path}${target === undefined ? '' : ` -> ${target}`} (${reason})`,
        ),
      )}`,
    hint: 'Exclude it, rename it, or point the link to something that is included, with a relative target.',
    example: { root: '/srv/shop', entries: [{ path: 'uploads', reason: 'link-escapes', target: '/var/uploads' }] },
  }),
  ARTIFACT_NPM_LOCK_MISSING: describeError<{ root: string }>({
    message: ({ root }) =>
      `cannot tell the production dependencies of ${root}: it has no package-lock.json and no npm-shrinkwrap.json`,
    hint: 'Give the folder of the npm project as root, and commit the package-lock.json that npm install writes.',
    example: { root: '/srv/shop' },
  }),
  ARTIFACT_NPM_WORKSPACE_MISSING: describeError<{ root: string; workspace: string; known: readonly string[] }>({
    message: ({ root, workspace, known }) =>
      `${workspace} is no workspace of ${root}, which has ${known.length === 0 ? 'none' : listed(known)}`,
    hint: 'Give the folder of a workspace, relative to root.',
    example: { root: '/srv/shop', workspace: 'apps/shpo', known: ['apps/shop', 'packages/cart'] },
  }),
  ARTIFACT_NPM_PACKAGE_MISSING: describeError<{ root: string; packages: readonly MissingPackage[] }>({
    message: ({ root, packages }) =>
      `${packages.length === 1 ? 'a package' : `${packages.length} packages`} that ${root} needs to run ${
        packages.length === 1 ? 'is' : 'are'
      } not installed: ${listed(packages.map(({ name, neededBy }) => `${name} (needed by ${neededBy})`))}`,
    hint: 'Run npm ci first; it installs what package-lock.json says.',
    example: { root: '/srv/shop', packages: [{ name: 'node_modules/pg', neededBy: 'apps/shop' }] },
  }),
  ARTIFACT_REPOSITORY_MISSING: describeError<{ root: string }>({
    message: ({ root }) => `cannot tell the commit of ${root}: it is in no git repository`,
    hint: 'Build in a clone of the repository; an artifact belongs to a commit.',
    example: { root: '/srv/shop' },
  }),
  ARTIFACT_COMMIT_MISSING: describeError<{ root: string }>({
    message: ({ root }) => `cannot tell the commit of ${root}: its repository has no commit yet`,
    hint: 'Commit the files first; an artifact belongs to a commit.',
    example: { root: '/srv/shop' },
  }),
  ARTIFACT_TREE_DIFFERS: describeError<{ root: string; commit: string; files: readonly TreeDifference[] }>({
    message: ({ root, commit, files }) =>
      `${files.length === 1 ? 'a tracked file' : `${files.length} tracked files`} of ${root} ${
        files.length === 1 ? 'differs' : 'differ'
      } from commit ${commit}: ${listed(files.map(({ path, difference }) => `${path} (${difference})`))}`,
    hint: 'Commit or restore them, or leave them out; what a build makes should not be tracked.',
    example: {
      root: '/srv/shop',
      commit: '4f3c2a1b0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a',
      files: [{ path: 'src/cart.ts', difference: 'content' }],
    },
  }),
  ARTIFACT_APPSPEC_MISSING: describeError<{ root: string }>({
    message: ({ root }) =>
      `the artifact of ${root} would have no file appspec.yml at its top, which CodeDeploy demands`,
    hint: 'Add appspec.yml to root and to include; requireAppSpec: false builds an artifact that is not for CodeDeploy.',
    example: { root: '/srv/shop' },
  }),
  ARTIFACT_HOOK_MISSING: describeError<{ root: string; scripts: readonly { event: string; location: string }[] }>({
    message: ({ root, scripts }) =>
      `appspec.yml of ${root} names ${scripts.length === 1 ? 'a script' : 'scripts'} that the artifact would not have: ${listed(
        scripts.map(({ event, location }) => `${location} (${event})`),
      )}`,
    hint: 'Include the scripts, or correct their location: it is relative to the folder of appspec.yml.',
    example: { root: '/srv/shop', scripts: [{ event: 'AfterInstall', location: 'hooks/after-install.mjs' }] },
  }),
  ARTIFACT_APPSPEC_REFUSED: describeError<{ root: string; defects: readonly AppSpecFinding[] }>({
    message: ({ root, defects }) =>
      `the artifact of ${root} does not fit its appspec.yml: ${listed(
        defects.map(({ line, message, rule }) => `${message} (line ${line}, ${rule})`),
      )}`,
    hint: ({ defects }) => [...new Set(defects.map(({ cure }) => cure))].join(' '),
    example: {
      root: '/srv/shop',
      defects: [
        {
          severity: 'error',
          rule: 'script-crlf',
          path: 'hooks.AfterInstall[0].location',
          line: 8,
          column: 17,
          message:
            'hooks/after-install.sh has Windows line ends, so that the interpreter of its first line is not found',
          cure: 'Save it with line feeds only.',
          given: 'hooks/after-install.sh',
        },
      ],
    },
  }),
  ARTIFACT_HOLDS_SECRETS: describeError<{ root: string; findings: readonly SecretFinding[] }>({
    message: ({ root, findings }) =>
      `the artifact of ${root} would hold secrets: ${listed(
        findings.map(({ path, line, rule }) => `${path}:${line} (${rule})`),
      )}`,
    hint: 'Take them out and inject them on the host; what is no secret can be named in allow, with path, rule and reason.',
    example: { root: '/srv/shop', findings: [{ path: '.env', line: 3, rule: 'dotenv-secret' }] },
  }),
  ARTIFACT_ALLOWANCE_STALE: describeError<{ root: string; allowances: readonly { path: string; rule: string }[] }>({
    message: ({ root, allowances }) =>
      `nothing in ${root} needs what allow lets pass: ${listed(
        allowances.map(({ path, rule }) => `${path} (${rule})`),
      )}`,
    hint: 'Remove it from allow, or correct its path (no glob) and rule.',
    example: { root: '/srv/shop', allowances: [{ path: 'test/key.pem', rule: 'private-key' }] },
  }),
  ARTIFACT_FILE_CHANGED: describeError<{ root: string; path: string; change: string }>({
    message: ({ root, path, change }) => `${path} of ${root} ${change} while the artifact was built`,
    hint: 'Build when nothing else writes to the folder.',
    retryable: true,
    example: { root: '/srv/shop', path: 'dist/main.js', change: 'vanished' },
  }),
  ARTIFACT_FILE_UNREADABLE: describeError<{ root: string; path: string; reason: string }>({
    message: ({ root, path, reason }) => `cannot read ${path} of ${root} (${reason})`,
    hint: 'Let the user that builds read it, or exclude it.',
    example: { root: '/srv/shop', path: 'dist/main.js', reason: 'EACCES' },
  }),
  ARTIFACT_CACHE_INSIDE_ROOT: describeError<{ cache: string; path: string }>({
    message: ({ cache, path }) =>
      `cannot use ${cache} as the cache of entries: what is in ${path} is chosen, so that artifacts would hold each other`,
    hint: ({ path }) => `Give another folder, or exclude ${JSON.stringify(`${path}/**`)}.`,
    example: { cache: '/srv/shop/.cache', path: '.cache' },
  }),
  ARTIFACT_CACHE_UNUSABLE: describeError<{ folder: string; reason: string }>({
    message: ({ folder, reason }) => `cannot use ${folder} as the cache of entries (${reason})`,
    hint: 'Give a folder that the user that builds may write, or leave cache out: the artifact is the same without it.',
    example: { folder: '/var/cache/fairlead', reason: 'EACCES' },
  }),
  ARTIFACT_NOT_FOUND: describeError<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot read the artifact ${path} (${reason})`,
    hint: 'Give the path of an artifact that buildArtifact wrote.',
    example: { path: '/srv/shop/build/shop.zip', reason: 'ENOENT' },
  }),
  ARTIFACT_INVALID: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `${path} is not an artifact: ${problem}`,
    hint: 'Build it again with buildArtifact, and do not repack it.',
    example: { path: '/srv/shop/build/shop.zip', problem: 'it has no .fairlead/manifest.json' },
  }),
  ARTIFACT_CORRUPT: describeError<{ path: string; entry: string; problem: string }>({
    message: ({ path, entry, problem }) => `${path} does not hold what its manifest says: ${entry} ${problem}`,
    hint: 'Do not deploy it; take the bytes from the store again or build it again.',
    example: { path: '/srv/shop/build/shop.zip', entry: 'dist/main.js', problem: 'has other bytes' },
  }),
  ARTIFACT_UNEXPECTED: describeError<{ path: string; fact: string; expected: string; found: string }>({
    message: ({ path, fact, expected, found }) =>
      `${path} is another artifact: its ${fact} is ${found}, not ${expected}`,
    hint: 'Take the artifact that was meant; do not deploy this one.',
    example: { path: '/srv/shop/build/shop.zip', fact: 'sha256', expected: 'a'.repeat(64), found: 'b'.repeat(64) },
  }),
  ARTIFACT_FOLDER_OCCUPIED: describeError<{ into: string; found: string }>({
    message: ({ into, found }) => `cannot extract an artifact to ${into}: ${found}`,
    hint: 'Give a folder that is not there yet or is empty; nothing was written.',
    example: { into: '/srv/shop/releases/1', found: 'the folder is not empty' },
  }),
  ARTIFACT_FOLDER_UNWRITABLE: describeError<{ into: string; path: string; reason: string }>({
    message: ({ into, path, reason }) => `cannot extract an artifact to ${into}: ${path} (${reason})`,
    hint: 'Give it a folder that this user may write to, with room; what was written is gone again.',
    example: { into: '/srv/shop/releases/1', path: 'dist/main.js', reason: 'ENOSPC' },
  }),
  ARTIFACT_ENGINE_FAILED: describeError<{ engine: string; entry: string | undefined; problem: string }>({
    message: ({ engine, entry, problem }) =>
      `${engine} cannot write the artifact: ${entry === undefined ? engine : JSON.stringify(entry)} ${problem}`,
    hint: 'Rename the entry, or write a zip with the engine that is the default, which keeps every name.',
    example: { engine: 'archiver', entry: 'foo:bar.js', problem: 'has a name that it would change' },
  }),
})

function listed(names: readonly string[]): string {
  const more = names.length - namesInMessage
  return names.slice(0, namesInMessage).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
