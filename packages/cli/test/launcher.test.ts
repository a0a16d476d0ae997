/** The launcher in POSIX sh, as a host meets it that has a fitting Node, an old one or none. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'

const launcher = new URL('../launcher/fairlead-host', import.meta.url)

interface Launch {
  /** The version that the Node of the PATH says it has. Default: there is none. */
  readonly node?: string
  /** What `/etc/os-release` says. Default: there is none. */
  readonly osRelease?: string
  readonly shell?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs the launcher in a folder with a blank in its name, on a host that has a shell, `dirname` and what is asked for. */
function launch({ node, osRelease, shell = ['sh'], environment = {} }: Launch, ...args: readonly string[]) {
  const folder = temporaryFolder()
  const [bin, hooks] = [join(folder, 'bin'), join(folder, 'my hooks')]
  for (const one of [bin, hooks]) mkdirSync(one)
  for (const tool of new Set(['dirname', 'sh', ...shell.slice(0, 1)])) symlinkSync(placeOf(tool), join(bin, tool))
  if (node !== undefined) plantNode(join(bin, 'node'), node)
  const release = join(folder, 'os-release')
  if (osRelease !== undefined) writeFileSync(release, osRelease)
  const script = join(hooks, 'fairlead-host')
  copyFileSync(launcher, script)
  const [program = 'sh', ...first] = shell
  return spawnSync(join(bin, program), [...first, script, ...args], {
    env: { PATH: bin, FAIRLEAD_OS_RELEASE: release, FAIRLEAD_NODE_PLACES: '', ...environment },
    encoding: 'utf8',
  })
}

function placeOf(tool: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim()
  return found === '' ? join(folders[0] ?? '', tool) : found
}

/** A program that says its version, or how it was called. */
function plantNode(path: string, version: string): void {
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else printf '<%s>' "$@"; fi\n`)
  chmodSync(path, 0o755)
}

describe('a Node that is new enough', () => {
  test.each(['v20.19.0', 'v20.20.2', 'v22.0.0', 'v24.11.1'])(
    '%s runs the file beside it, arguments untouched',
    (node) => {
      const { status, stdout } = launch({ node }, 'host', 'list', '--root', '/srv/my shop', '')
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: expect.stringMatching(/^<.*\/my hooks\/fairlead-host\.mjs><host><list><--root><\/srv\/my shop><>$/),
      })
    },
  )

  test('is found outside the PATH too, and FAIRLEAD_NODE wins', () => {
    const folder = temporaryFolder()
    plantNode(join(folder, 'node-22'), 'v22.1.0')
    const places = { FAIRLEAD_NODE_PLACES: `/nowhere/node* ${folder}/node-2[0-9]` }
    expect(launch({ node: 'v18.0.0', environment: places }, 'a').stdout).toMatch(/<a>$/)
    const given = { FAIRLEAD_NODE: join(folder, 'node-22') }
    expect(launch({ environment: given }, 'b').stdout).toMatch(/<b>$/)
  })
})

describe('a host without one is told what to install', () => {
  const systems: readonly (readonly [string, string, RegExp])[] = [
    ['Amazon Linux 2', 'ID="amzn"\nVERSION_ID="2"\nPRETTY_NAME="Amazon Linux 2"\n', /glibc 2\.26[^]*unofficial-builds/],
    ['Amazon Linux 2023', 'ID="amzn"\nVERSION_ID="2023"\n', /dnf install -y nodejs/],
    ['Debian 12', 'ID=debian\nVERSION_ID="12"\n', /deb\.nodesource\.com/],
    ['Debian 13', 'ID=debian\nVERSION_ID="13"\n', /apt-get install -y --no-install-recommends nodejs/],
    ['Ubuntu 24.04', 'ID=ubuntu\nVERSION_ID="24.04"\n', /deb\.nodesource\.com/],
    ['another system', 'ID=void\n', /nodejs\.org\/en\/download/],
  ]

  test.each(systems)('%s', (_name, osRelease, words) => {
    const { status, stderr, stdout } = launch({ osRelease }, 'host', 'list')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^fairlead-host needs Node 20\.19 or newer/)
    expect(stderr).toMatch(words)
    expect(stderr).toContain('FAIRLEAD_NODE')
  })

  test.each(['v20.18.9', 'v18.20.4', 'v6.0.0', 'nonsense', 'v', ''])('where its Node says %j', (node) => {
    expect(launch({ node }, 'x')).toMatchObject({ status: 1, stdout: '' })
  })

  test('even where the system does not say what it is', () => {
    expect(launch({}).stderr).toMatch(/nodejs\.org/)
  })
})

for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix']]) {
  withTools([shell[0] ?? ''], `${shell.join(' ')} reads it too`, () => {
    expect(launch({ node: 'v22.0.0', shell }, 'x').stdout).toMatch(/<x>$/)
    expect(launch({ osRelease: 'ID=debian\nVERSION_ID="12"\n', shell }).stderr).toMatch(/nodesource/)
  })
}
