import { defineErrors, describeError } from '@fairlead/core'

interface Difference {
  readonly [key: string]: string
  readonly path: string
  readonly problem: string
}

function listed(differences: readonly Difference[], total: number): string {
  const lines = differences.map(({ path, problem }) => `\n  ${path}: ${problem}`).join('')
  return total > differences.length ? `${lines}\n  and ${total - differences.length} more` : lines
}

/** What can fail while a release is staged, switched, taken back or removed. */
export const errors = defineErrors('release-symlinker', {
  RELEASE_ROOT_MISSING: describeError<{ root: string }>({
    message: ({ root }) => `there is no folder ${root}: expected the folder that holds releases, shared and current`,
    hint: 'Check the path; the first stageRelease makes the folder.',
    example: { root: '/srv/shop' },
  }),
  LAYOUT_NOT_UNDERSTOOD: describeError<{ path: string; found: string; expected: string }>({
    message: ({ path, found, expected }) => `${path} is ${found}, expected ${expected}`,
    hint: 'Another tool may own this folder. Give a folder of its own, or move what stands there away.',
    example: { path: '/srv/shop/releases', found: 'a file', expected: 'a folder' },
  }),
  CURRENT_NOT_A_LINK: describeError<{ path: string; found: string }>({
    message: ({ path, found }) => `${path} is ${found}, expected a symbolic link or nothing`,
    hint: 'Move it away (mv current current.before): nothing is removed for you, it may hold files of users.',
    example: { path: '/srv/shop/current', found: 'a folder' },
  }),
  FOLDER_NOT_TRUSTED: describeError<{ path: string; ownerUid: number; mode: string }>({
    message: ({ path, ownerUid, mode }) =>
      `root does not work in ${path}: the user ${ownerUid} owns it and its mode is ${mode}, expected a folder that root alone can write`,
    hint: ({ path }) =>
      `Run as that user (runas: in appspec.yml), or give the folder itself to root: chown root:root ${path} && chmod 755 ${path}.`,
    example: { path: '/srv/shop/releases', ownerUid: 33, mode: '0775' },
  }),
  OWNER_UNKNOWN: describeError<{ kind: 'user' | 'group'; name: string }>({
    message: ({ kind, name }) => `this machine knows no ${kind} ${JSON.stringify(name)}`,
    hint: 'Give the name or the number of one that exists (id, getent group).',
    example: { kind: 'user', name: 'www-dat' },
  }),
  OWNER_NOT_ALLOWED: describeError<{ uid: number; runningAs: number }>({
    message: ({ uid, runningAs }) => `the user ${runningAs} cannot give files to the user ${uid}; only root can`,
    hint: 'Run as root, or leave owner out.',
    example: { uid: 33, runningAs: 1000 },
  }),
  RELEASE_SOURCE_MISSING: describeError<{ from: string }>({
    message: ({ from }) => `there is no folder ${from} to stage a release from`,
    hint: 'Give the folder into which the artifact was unpacked, in a hook hook.archive.path.',
    example: { from: '/opt/codedeploy-agent/deployment-root/group/d-1/deployment-archive' },
  }),
  RELEASE_MANIFEST_MISSING: describeError<{ from: string; manifest: string }>({
    message: ({ from, manifest }) => `${from} is no unpacked artifact: it has no ${manifest}`,
    hint: 'Build the artifact with buildArtifact, which puts the manifest in, or give the commit of a folder that is to be taken as it is.',
    example: { from: '/tmp/unpacked', manifest: '.fairlead/manifest.json' },
  }),
  RELEASE_MANIFEST_UNSAFE: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `the manifest lists ${JSON.stringify(path)}, which ${problem}`,
    hint: 'This artifact was not made by buildArtifact; do not install it.',
    example: { path: '../outside', problem: 'leaves the release' },
  }),
  RELEASE_SOURCE_DIFFERS: describeError<{ from: string; total: number; differences: readonly Difference[] }>({
    message: ({ from, total, differences }) =>
      `${from} differs from its manifest in ${total} ${total === 1 ? 'entry' : 'entries'}:${listed(differences, total)}`,
    hint: 'Something changed the archive after it was unpacked, or it was unpacked in part: deploy again.',
    example: { from: '/tmp/unpacked', total: 1, differences: [{ path: 'dist/server.js', problem: 'is missing' }] },
  }),
  RELEASE_ID_TAKEN: describeError<{ id: string; name: string; given: string; has: string }>({
    message: ({ id, name, given, has }) =>
      `the deployment ${id} has brought ${name} already, with ${has}; given is ${given}`,
    hint: 'One id stands for one artifact: give the id of this deployment.',
    example: {
      id: 'd-1',
      name: '20261122120000-4f3c2a1b0c9d-d-1',
      given: 'commit 8a7b…',
      has: 'commit 4f3c…',
    },
  }),
  SHARED_PATH_INVALID: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `cannot share ${JSON.stringify(path)}: it ${problem}`,
    hint: 'Give a path inside the release, like var/uploads; each one by itself, none inside another.',
    example: { path: '../uploads', problem: 'leaves the release' },
  }),
  WRITABLE_PATH_INVALID: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `cannot make ${JSON.stringify(path)} writable: it ${problem}`,
    hint: 'Give the path of a folder inside the release, like var/cache, or one that is shared as a whole.',
    example: { path: '../cache', problem: 'leaves the release' },
  }),
  MOVE_PATH_INVALID: describeError<{ path: string; problem: string }>({
    message: ({ path, problem }) => `cannot move ${JSON.stringify(path)} out of the archive: it ${problem}`,
    hint: 'Give the name of a folder at the top of the archive that no later hook needs, like app; never the hooks.',
    example: { path: 'app/vendor', problem: 'is not at the top of the archive' },
  }),
  ACL_REFUSED: describeError<{ path: string; reason: string }>({
    message: ({ path, reason }) => `cannot set the access control list of ${path}: ${reason}`,
    hint: "Install the package acl, mount the file system with ACLs, or give the folder's owner, group and mode instead.",
    example: { path: '/srv/shop/releases/.staging-d-1/var', reason: 'there is no program setfacl' },
  }),
  RELEASE_NO_SPACE: describeError<{
    path: string
    neededBytes: number
    availableBytes: number
    neededInodes: number
    availableInodes?: number | undefined
  }>({
    message: ({ path, neededBytes, availableBytes, neededInodes, availableInodes }) =>
      `the release does not fit on the file system of ${path}: it needs ${neededBytes} bytes and ${neededInodes} inodes, free are ${availableBytes} bytes${availableInodes === undefined ? '' : ` and ${availableInodes} inodes`}`,
    hint: 'Keep fewer releases (pruneReleases) and fewer archives (max_revisions of the CodeDeploy agent).',
    retryable: true,
    example: {
      path: '/srv/shop',
      neededBytes: 33_000_000,
      availableBytes: 1_000_000,
      neededInodes: 5_700,
      availableInodes: 90_000,
    },
  }),
  RELEASE_LOCKED: describeError<{
    root: string
    lock: string
    owner: { pid: number; host: string; since: string; verb: string }
    waitedMs?: number | undefined
  }>({
    message: ({ root, owner, waitedMs }) =>
      `${owner.verb} works on ${root} (process ${owner.pid} on ${owner.host}, since ${owner.since})${waitedMs === undefined ? '' : `; waited ${waitedMs} ms`}`,
    hint: ({ lock }) =>
      `Wait for it (whenLocked: 'wait'). The lock of a process that died is taken over by itself. Where the owner ran on a machine or in a container that is gone, unlockReleases with force removes ${lock}.`,
    retryable: true,
    example: {
      root: '/srv/shop',
      lock: '/srv/shop/.fairlead/lock',
      owner: { pid: 4711, host: 'web-1', since: '2026-11-22T12:00:00.000Z', verb: 'activateRelease' },
    },
  }),
  RELEASE_NOT_INSTALLED: describeError<{ root: string; name?: string | undefined; installed: readonly string[] }>({
    message: ({ root, name, installed }) =>
      `${root} has no ${name === undefined ? 'live release' : `release ${JSON.stringify(name)}`}; it has ${installed.length === 0 ? 'none' : installed.join(', ')}`,
    hint: ({ name }) =>
      name === undefined
        ? 'Deploy one; where one was live, repairReleases leads current back to it.'
        : 'Stage it first; a prune may have removed it.',
    example: { root: '/srv/shop', name: '20261122120000-4f3c2a1b0c9d-d-1', installed: [] },
  }),
  RELEASE_WITHOUT_MANIFEST: describeError<{ name: string; manifest: string }>({
    message: ({ name, manifest }) => `the release ${name} has no ${manifest} to compare it with`,
    hint: 'Another tool staged it, or somebody removed the manifest; the next deploy brings one.',
    example: { name: '20261121120000', manifest: '.fairlead/manifest.json' },
  }),
  PROBE_FAILED: describeError<{ url: string; attempts: number; reason: string }>({
    message: ({ url, attempts, reason }) =>
      `${url} did not pass the probe in ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${reason}`,
    hint: 'Look into the log of the application. Where the old release still answers, its workers need a reload.',
    example: { url: 'http://127.0.0.1/health', attempts: 10, reason: 'the status was 500, expected 200 to 299' },
  }),
  TRIAL_FAILED: describeError<{ command: string; reason: string }>({
    message: ({ command, reason }) => `the trial of the release, ${command}, did not last until it answered: ${reason}`,
    hint: 'Start the command in the folder of the release, with PORT set: it has to stay and to listen on 127.0.0.1.',
    example: { command: 'node server.js', reason: 'it ended with 1' },
  }),
  CURRENT_CHANGED: describeError<{ path: string; found: string; expected: string }>({
    message: ({ path, found, expected }) => `${path} points to ${found}, expected ${expected}`,
    hint: 'Another tool changed the link at the same time: let one tool deploy to this root.',
    example: { path: '/srv/shop/current', found: 'releases/7', expected: 'releases/8' },
  }),
  ACTIVATION_FAILED: describeError<{
    root: string
    to: string
    from?: string | undefined
    step: string
    reason: string
    live?: string | undefined
    problems: readonly string[]
  }>({
    message: ({ root, to, step, reason, live, problems }) =>
      `${to} did not go live in ${root}: the step "${step}" failed: ${reason}\n` +
      `${live === undefined ? 'No release is live.' : `Live is ${live}${live === to ? ', the new one' : ''}.`}` +
      problems.map((problem) => `\nNot undone: ${problem}`).join(''),
    hint: ({ problems }) =>
      problems.length === 0
        ? 'Correct the cause and deploy again; what was live before is untouched or back.'
        : 'Correct what could not be undone, then run the deployment or a rollback again: either one recovers.',
    example: {
      root: '/srv/shop',
      to: '20261122120000-4f3c2a1b0c9d-d-1',
      from: '20261121120000-8a7b6c5d4e3f-d-0',
      step: 'probe',
      reason: 'http://127.0.0.1/health did not pass the probe in 10 attempts: the status was 500, expected 200 to 299',
      live: '20261121120000-8a7b6c5d4e3f-d-0',
      problems: [],
    },
  }),
  REPAIR_FAILED: describeError<{ root: string; step: string; reason: string; problems: readonly string[] }>({
    message: ({ root, step, reason, problems }) =>
      `the repair of ${root} stopped at the step "${step}": ${reason}${problems.map((problem) => `\nNot undone: ${problem}`).join('')}`,
    hint: 'What was done before is undone. Correct the cause and repair again.',
    example: { root: '/srv/shop', step: 'switch', reason: 'rename failed on /srv/shop/current: EIO', problems: [] },
  }),
  ROLLBACK_NO_TARGET: describeError<{
    root: string
    current?: string | undefined
    to?: string | undefined
    reason: string
  }>({
    message: ({ root, to, reason }) =>
      `there is nothing to roll ${root} back to${to === undefined ? '' : ` under the name ${to}`}: ${reason}`,
    hint: 'readInstalledReleases lists what is there: name a release with `to`, and a bad one with allowBad as well.',
    example: {
      root: '/srv/shop',
      current: '20261122120000-4f3c2a1b0c9d-d-1',
      reason: 'no release that is still there was live before this one',
    },
  }),
  FILE_OPERATION_FAILED: describeError<{ operation: string; path: string; code: string }>({
    message: ({ operation, path, code }) => `${operation} failed on ${path}: ${code}`,
    hint: ({ code }) => hints[code] ?? 'Look the code up in errno(3).',
    example: { operation: 'rename', path: '/srv/shop/current', code: 'EACCES' },
  }),
})

const hints: Readonly<Record<string, string>> = {
  EACCES: 'Run as a user who may write there.',
  EPERM: 'Run as a user who may do that, or as root.',
  EROFS: 'The file system is mounted read-only; a failing disk does that by itself.',
  ENOSPC: 'The disk is full: keep fewer releases (pruneReleases).',
  EDQUOT: 'The quota of the user is used up.',
  EIO: 'The disk fails: look into the kernel log.',
  EXDEV: 'releases, shared and current must be on one file system.',
}
