import { execFile } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { build } from 'tsup'
import { describe, expect, test } from 'vitest'
import { commitFiles, recoverFiles, type FileContent } from '../src/commit-files.ts'
import { errors } from '../src/errors.ts'
import { openDirectory } from '../src/open-folders.ts'
import { workFolderName } from '../src/plan/journal.ts'
import { nodeFiles, type BeforeCall } from '../src/ports/files.ts'
import { readWorkFolderOwner } from '../src/ports/work-folder-owner.ts'
import { contentsIn, generation, isWhole, leftovers, prepareFolder, snapshot } from './support/release-folder.ts'

const self = process.geteuid?.() ?? 0
const never = new AbortController().signal

/** Recovers and commits, as an injection does; the calls can be made to fail. */
async function run(folder: string, contents: readonly FileContent[], before?: BeforeCall, signal = never) {
  const files = nodeFiles(before)
  const root = await openDirectory(files, folder)
  try {
    const recovered = await recoverFiles(files, root, Date.now())
    const owner = { uid: self, gid: undefined }
    return { ...recovered, ...(await commitFiles(files, root, contents, { owner, signal, nowMs: Date.now() })) }
  } finally {
    await root.close()
  }
}

async function recoverOnly(folder: string) {
  const files = nodeFiles()
  const root = await openDirectory(files, folder)
  try {
    return await recoverFiles(files, root, Date.now())
  } finally {
    await root.close()
  }
}

function preparedFolder(): string {
  const folder = temporaryFolder()
  prepareFolder(folder)
  return folder
}

/** How many calls a whole run makes. */
async function countCalls(): Promise<number> {
  let calls = 0
  await run(preparedFolder(), generation('new'), () => void calls++)
  return calls
}

function failAt(wanted: number, every: boolean): BeforeCall {
  let calls = 0
  return () => {
    calls++
    if (every ? calls >= wanted : calls === wanted) throw Object.assign(new Error('made to fail'), { code: 'EIO' })
  }
}

const all = (word: string) => generation('').map(() => word)
const before = ['old', 'old', 'old', undefined]

describe('a commit', () => {
  test('puts every file in its place, private, and leaves nothing else', async () => {
    const folder = preparedFolder()
    const { written } = await run(folder, generation('new'))
    expect(written).toEqual(generation('new').map(({ path }) => path))
    expect(contentsIn(folder, generation('new'))).toEqual(all('new'))
    expect(isWhole(folder, generation('new'))).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['.env.local', 'composer.json', 'config', 'new'])
  })

  test('of what is there already touches nothing, the folder itself included', async () => {
    const folder = preparedFolder()
    await run(folder, generation('new'))
    utimesSync(folder, 1, 1)
    const was = snapshot(folder)
    expect((await run(folder, generation('new'))).written).toEqual([])
    expect(snapshot(folder)).toEqual(was)
    let calls: string[] = []
    await run(folder, generation('new'), (call) => void (calls = [...calls, call]))
    expect(new Set(calls)).toEqual(new Set(['resolve', 'open', 'stat', 'list', 'read']))
  })

  test('writes only what differs, in content or in mode', async () => {
    const folder = preparedFolder()
    await run(folder, generation('new'))
    chmodSync(join(folder, 'config/token'), 0o644)
    const changed = generation('new').map((file) =>
      file.path === '.env.local' ? { ...file, bytes: Buffer.from('x') } : file,
    )
    expect((await run(folder, changed)).written).toEqual(['.env.local', 'config/token'])
  })

  test('cancelled before its decision changes nothing', async () => {
    const folder = preparedFolder()
    const was = snapshot(folder)
    const controller = new AbortController()
    const reason = new Error('stop')
    const cancel: BeforeCall = (call, path) => {
      if (call === 'create' && path.endsWith('commit.json.tmp')) controller.abort(reason)
    }
    await expect(run(folder, generation('new'), cancel, controller.signal)).rejects.toBe(reason)
    expect(snapshot(folder)).toEqual(was)
    expect(leftovers(folder)).toEqual([])
    expect(readdirSync(folder)).not.toContain('new')
  })

  test('refuses to begin beside another one that lives', async () => {
    const folder = preparedFolder()
    const was = snapshot(folder)
    mkdirSync(join(folder, workFolderName(await readWorkFolderOwner(), 'beef')), { mode: 0o700 })
    await expect(run(folder, generation('new'))).rejects.toMatchObject({
      code: 'INJECTION_BUSY',
      retryable: true,
      context: { pid: process.pid },
    })
    expect(snapshot(folder)).toEqual(was)
  })

  test('of two that begin together, not both go on', async () => {
    const folder = preparedFolder()
    const results = await Promise.allSettled([run(folder, generation('one')), run(folder, generation('two'))])
    for (const result of results) {
      if (result.status === 'rejected' && !isDeployError(result.reason, errors.INJECTION_BUSY)) throw result.reason
    }
    const found = contentsIn(folder, generation('one'))
    expect([before, all('one'), all('two')]).toContainEqual(found)
    expect(leftovers(folder)).toEqual([])
  })
})

describe('a call that fails', () => {
  test('at any point leaves all old files, the very same ones, or all new ones; the next run succeeds', async () => {
    const count = await countCalls()
    let failures = 0
    for (let at = 1; at <= count; at++) {
      const folder = preparedFolder()
      const was = snapshot(folder)
      const outcome = await run(folder, generation('new'), failAt(at, false)).then(
        () => 'done' as const,
        (error: unknown) => error,
      )
      if (outcome === 'done') {
        expect(contentsIn(folder, generation('new'))).toEqual(all('new'))
      } else {
        failures++
        if (!isDeployError(outcome)) throw outcome
        const where = `call ${at}: ${outcome.message}`
        expect(where + JSON.stringify(outcome)).not.toContain('made to fail')
        if (isDeployError(outcome, errors.INJECTION_NOT_RECOVERED)) throw new Error(where)
        const now = snapshot(folder)
        const outside = Object.entries(now).filter(([path]) => !path.startsWith('.fairlead-inject-'))
        expect({ where, files: Object.fromEntries(outside) }).toEqual({ where, files: was })
      }
      await run(folder, generation('next'))
      expect(contentsIn(folder, generation('next'))).toEqual(all('next'))
      expect(leftovers(folder)).toEqual([])
    }
    expect(failures).toBeGreaterThan(count / 2)
  })

  test('and all calls after it fail: every file is whole, and the next run succeeds', async () => {
    const count = await countCalls()
    let torn = 0
    for (let at = 1; at <= count; at++) {
      const folder = preparedFolder()
      const outcome = await run(folder, generation('new'), failAt(at, true)).then(
        () => 'done' as const,
        (error: unknown) => error,
      )
      expect(isWhole(folder, generation('new'))).toBe(true)
      const found = contentsIn(folder, generation('new'))
      const isMixed = found.includes('new') && found.some((word) => word !== 'new')
      if (isMixed) torn++
      // Where the set is mixed, the error says that it is, and what to do.
      if (isMixed) expect(outcome).toMatchObject({ code: 'INJECTION_NOT_RECOVERED' })
      // The folder still bears the name of this living process, since even giving it up failed.
      for (const name of leftovers(folder))
        renameSync(join(folder, name), join(folder, `.fairlead-inject-0-0-0-0-${at}a`))
      const { recoveries } = await recoverOnly(folder)
      const recovered = contentsIn(folder, generation('new'))
      expect([before, all('new')]).toContainEqual(recovered)
      if (isMixed) expect(recoveries[0]?.outcome).toMatch(/completed|undone/)
      expect(leftovers(folder)).toEqual([])
    }
    expect(torn).toBeGreaterThan(0)
  })
})

describe('a run that is killed', () => {
  test('before any change to the disk leaves whole files; the next run brings the set to one state and removes what is left', async () => {
    const output = temporaryFolder()
    await build({
      entry: { child: new URL('support/commit-child.ts', import.meta.url).pathname },
      outDir: output,
      config: false,
      format: 'esm',
      outExtension: () => ({ js: '.mjs' }),
      noExternal: [/.*/],
      platform: 'node',
      target: 'node20',
      silent: true,
    })
    const child = (folder: string, dieAt: number) =>
      new Promise<{ killed: boolean; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [join(output, 'child.mjs'), folder, 'new', String(dieAt)], (error, stdout, stderr) =>
          resolve({ killed: error?.signal === 'SIGKILL', stdout, stderr }),
        )
      })
    const whole = await child(preparedFolder(), 0)
    const count = Number(whole.stdout)
    expect({ count, stderr: whole.stderr }).toEqual({ count: expect.any(Number), stderr: '' })
    expect(count).toBeGreaterThan(40)

    const known = ['composer.json', ...generation('').map(({ path }) => path)]
    const outcomes = new Set<string>()
    const killAt = async (at: number) => {
      const folder = preparedFolder()
      expect(await child(folder, at)).toMatchObject({ killed: true })
      expect(isWhole(folder, generation('new'))).toBe(true)
      // What is not in its place is in the working folder, which nobody else looks into.
      const strays = Object.keys(snapshot(folder)).filter(
        (path) => !known.includes(path) && !path.startsWith('.fairlead-inject-'),
      )
      expect({ at, strays }).toEqual({ at, strays: [] })
      const { recoveries } = await recoverOnly(folder)
      for (const { outcome } of recoveries) outcomes.add(outcome)
      const found = contentsIn(folder, generation('new'))
      expect({ at, found: [before, all('new')] }).toEqual({ at, found: expect.arrayContaining([found]) })
      expect({ at, left: leftovers(folder) }).toEqual({ at, left: [] })
      await run(folder, generation('next'))
      expect(contentsIn(folder, generation('next'))).toEqual(all('next'))
      expect(isWhole(folder, generation('next'))).toBe(true)
    }
    const points = Array.from({ length: count }, (_, index) => index + 1)
    const waiting = points.values()
    const worker = async () => {
      for (const at of waiting) await killAt(at)
    }
    await Promise.all([worker(), worker(), worker()])
    expect([...outcomes].sort()).toEqual(['completed', 'swept'])
  }, 60_000)
})

describe('what a killed run left', () => {
  const dead = '.fairlead-inject-0-0-0-0-beef'
  const leave = (folder: string, journalName: string, journal: unknown) => {
    mkdirSync(join(folder, dead), { mode: 0o700 })
    writeFileSync(join(folder, dead, journalName), JSON.stringify(journal))
    writeFileSync(join(folder, dead, 'new-0'), 'new', { mode: 0o600 })
  }
  const journalOf = (path: string) => ({ schema: 'fairlead/injection-journal/1', files: [{ path, replaces: false }] })

  test('an undoing is undone to its end', async () => {
    const folder = preparedFolder()
    leave(folder, 'undo.json', journalOf('placed'))
    renameSync(join(folder, dead, 'new-0'), join(folder, 'placed'))
    expect(await recoverOnly(folder)).toMatchObject({ recoveries: [{ outcome: 'undone', paths: ['placed'] }] })
    expect(readdirSync(folder)).not.toContain('placed')
    expect(leftovers(folder)).toEqual([])
  })

  test.each([
    ['a path that leads out', journalOf('../outside')],
    ['a path through a link', journalOf('link/file')],
    ['a folder that is gone', journalOf('gone/file')],
    ['another schema', { ...journalOf('file'), schema: 'x' }],
  ])('a journal with %s is not carried out, and says how to go on', async (_what, journal) => {
    const folder = preparedFolder()
    const elsewhere = temporaryFolder()
    symlinkSync(elsewhere, join(folder, 'link'))
    leave(folder, 'commit.json', journal)
    await expect(recoverOnly(folder)).rejects.toMatchObject({
      code: 'INJECTION_NOT_RECOVERED',
      hint: expect.stringContaining('.fairlead-inject-0-'),
    })
    expect(readdirSync(elsewhere)).toEqual([])
    // Given up by its name: the same process may try again once the cause is set right.
    unlinkSync(join(folder, 'link'))
    for (const name of leftovers(folder)) rmSync(join(folder, name), { recursive: true })
    await run(folder, generation('new'))
  })

  test('a folder that others can look into is not ours, and is left alone', async () => {
    const folder = preparedFolder()
    leave(folder, 'commit.json', journalOf('placed'))
    chmodSync(join(folder, dead), 0o755)
    mkdirSync(join(folder, '.fairlead-inject-something'))
    writeFileSync(join(folder, '.fairlead-inject-1-2-3-4-5'), '')
    const { ignored, recoveries } = await recoverOnly(folder)
    expect(ignored.toSorted()).toEqual([
      '.fairlead-inject-0-0-0-0-beef',
      '.fairlead-inject-1-2-3-4-5',
      '.fairlead-inject-something',
    ])
    expect(recoveries).toEqual([])
    expect(readFileSync(join(folder, dead, 'new-0'), 'utf8')).toBe('new')
  })
})

describe('a folder that another user changes at the same time', () => {
  test('another folder in the place of the working folder gets nothing, and loses nothing', async () => {
    const folder = preparedFolder()
    const was = snapshot(folder)
    const moved = join(temporaryFolder(), 'moved')
    let impostor = ''
    const swap: BeforeCall = (call, path) => {
      if (call !== 'open' || impostor !== '' || !path.includes('.fairlead-inject-')) return
      impostor = path
      renameSync(path, moved)
      mkdirSync(path)
      chmodSync(path, 0o755)
      writeFileSync(join(path, 'kept'), '')
    }
    await expect(run(folder, generation('new'), swap)).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    const now = Object.entries(snapshot(folder)).filter(([path]) => !path.startsWith('.fairlead-inject-'))
    expect(Object.fromEntries(now)).toEqual(was)
    const [left = ''] = leftovers(folder)
    expect(readdirSync(join(folder, left))).toEqual(['kept'])
    expect(readdirSync(moved)).toEqual([])
  })

  test('a folder on the way that becomes a link leads nowhere else', async () => {
    const folder = preparedFolder()
    const elsewhere = temporaryFolder()
    const swap: BeforeCall = (call, path) => {
      if (call !== 'create' || !path.endsWith('new-1')) return
      renameSync(join(folder, 'config'), join(folder, 'aside'))
      symlinkSync(elsewhere, join(folder, 'config'))
    }
    await expect(run(folder, generation('new'), swap)).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    expect(readdirSync(elsewhere)).toEqual([])
    expect(leftovers(folder)).toEqual([])
  })
})
