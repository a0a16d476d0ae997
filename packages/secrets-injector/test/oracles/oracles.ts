/** The real parsers of the dialects, as far as this machine has them: each reads files and says which variables came of them. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { missingTools } from '@fairlead/test-support'
import type { DialectName } from '../../src/index.ts'
import { environmentsOf } from './apache-server.ts'
import { startDockerStub } from './docker-stub.ts'

/** What a parser made of a file, or `undefined` where it rejected it. */
export type Reading = Readonly<Record<string, string>> | undefined

export interface Oracle {
  /** As the files of values call it. */
  readonly id: string
  readonly dialect: DialectName
  /** The parser and its version. */
  readonly parser: string
  readonly read: (files: readonly string[]) => Promise<readonly Reading[]>
}

/** What a parser that expands would put into a value. `x` and `HOME` are names that secrets hold by accident. */
const hostile = { X: 'hostile', b: 'hostile', y: 'hostile', HOME: '/hostile' }
const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', ...hostile }

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const fetchedParsers = join(import.meta.dirname, '../../../../build/parsers')
const reader = (name: string) => join(import.meta.dirname, 'readers', name)

/** Every parser that this machine has. */
export function findOracles(): readonly Oracle[] {
  return candidates.flatMap((find) => find() ?? [])
}

type Find = () => Oracle | readonly Oracle[] | undefined

const candidates: readonly Find[] = [
  ...(
    [
      ['dotenv16', 'dotenv', 'dotenv16', 'dotenv16'],
      ['dotenv18', 'dotenv', 'dotenv18', 'dotenv18'],
      ['expand', 'dotenv-expand', 'expand1000', 'dotenv-expand1000'],
      ['expand12', 'dotenv-expand', 'expand12', 'dotenv-expand12'],
      ['next', 'next', 'next', '@next/env'],
      ['vite', 'vite', 'vite5', 'vite5'],
      // What Vite 6 and 7 have inside.
      ['vite6', 'vite6', 'expand12', 'dotenv-expand12'],
      ['vite8', 'vite8', 'vite8', 'vite'],
      ['dotenvx', 'dotenvx', 'dotenvx', '@dotenvx/dotenvx'],
    ] as const
  ).map(([id, dialect, parser, module]): Find => () => {
    const version = moduleVersion(module)
    return version === undefined ? undefined : nodeOracle(id, dialect, `${module} ${version}`, process.execPath, parser)
  }),
  () => nodeOracle('node_parseEnv', 'node', `Node ${process.versions.node}`, process.execPath, 'parseEnv'),
  () =>
    (process.env['FAIRLEAD_NODES'] ?? '')
      .split(':')
      .filter((path) => existsSync(path))
      .map((path) => ({ path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1) }))
      .filter(({ version }) => !version.startsWith('20.'))
      .map(({ path, version }) =>
        nodeOracle(`node${Number.parseInt(version)}_parseEnv`, 'node', `Node ${version}`, path, 'parseEnv'),
      ),
  () => phpOracle('symfony54', 'symfony', 'symfony', debianPackages('php-symfony-dotenv'), /^5\.4/),
  () => phpOracle('symfony71', 'symfony', 'symfony', debianPackages('php-symfony-dotenv'), /^7\./),
  () => phpOracle('phpdotenv54', 'phpdotenv', 'phpdotenv', debianPackages('php-vlucas-phpdotenv'), /^5\.[45]/),
  () => phpOracle('phpdotenv56', 'phpdotenv', 'phpdotenv', debianPackages('php-vlucas-phpdotenv'), /^5\.6/),
  () => phpOracle('php_ini', 'php-fpm', 'ini', [{ version: 'parse_ini_string()' }], /./),
  () => pythonOracle('pydotenv12', 'python-dotenv', 'dotenv', 'python-dotenv', /^1\./),
  () => pythonOracle('pydotenv12_raw', 'python-dotenv-raw', 'dotenv-raw', 'python-dotenv', /^1\./),
  () => pythonOracle('pydotenv021', 'python-dotenv', 'dotenv', 'python-dotenv', /^0\./),
  () => pythonOracle('pydotenv021_raw', 'python-dotenv-raw', 'dotenv-raw', 'python-dotenv', /^0\./),
  () => pythonOracle('yaml', 'yaml', 'yaml', 'PyYAML', /./),
  () => pythonOracle('json', 'json', 'json', undefined, /./),
  rubyOracle,
  () => shellOracle('bash52', 'bash', ['bash', '--norc']),
  () => shellOracle('dash', 'dash', ['dash']),
  () => shellOracle('busybox_ash', 'busybox', ['busybox', 'ash']),
  () => shellOracle('mksh', 'mksh', ['mksh']),
  () => shellOracle('zsh', 'zsh', ['zsh', '-f']),
  systemdOracle,
  dockerOracle,
  apacheOracle,
]

function moduleVersion(name: string): string | undefined {
  const folder = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, 'package.json')))
  if (folder === undefined) return undefined
  return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version
}

/** The output of a program that may not be there, trimmed. */
function answerOf(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** A package of Debian: this machine's, or one that `fetch-parsers.sh` has unpacked below a folder. */
interface DebianPackage {
  readonly version: string
  readonly folder?: string
}

function debianPackages(name: string): readonly DebianPackage[] {
  const version = answerOf('dpkg-query', ['--show', '--showformat=${Version}', name])
  const folder = join(fetchedParsers, name)
  const fetched = existsSync(join(folder, 'version')) ? readFileSync(join(folder, 'version'), 'utf8').trim() : undefined
  return [...(version ? [{ version }] : []), ...(fetched ? [{ version: fetched, folder }] : [])]
}

function nodeOracle(id: string, dialect: DialectName, parser: string, program: string, reads: string): Oracle {
  return { id, dialect, parser, read: (files) => readWith(files, program, [reader('read-with-node.mjs'), reads]) }
}

function phpOracle(
  id: string,
  dialect: DialectName,
  reads: string,
  packages: readonly DebianPackage[],
  wanted: RegExp,
): Oracle | undefined {
  const found = packages.find(({ version }) => wanted.test(version))
  if (found === undefined || missingTools('php').length > 0) return undefined
  const limits = ['-d', 'memory_limit=1G', '-d', 'error_reporting=8191']
  const classes = found.folder === undefined ? [] : [join(found.folder, 'usr/share/php')]
  return {
    id,
    dialect,
    parser: `${reads} ${found.version} on PHP`,
    read: (files) => readWith(files, 'php', [...limits, reader('read-with-php.php'), reads], classes),
  }
}

/** Debian's Python, the one on the PATH and Debian's with what was fetched can have different versions of a package. */
function pythonOracle(
  id: string,
  dialect: DialectName,
  reads: string,
  module: string | undefined,
  wanted: RegExp,
): Oracle | undefined {
  const fetched = join(fetchedParsers, 'python3-dotenv/usr/lib/python3/dist-packages')
  const commands: (readonly [string, ...string[]])[] = [
    ['/usr/bin/python3'],
    ['python3'],
    ['env', `PYTHONPATH=${fetched}`, '/usr/bin/python3'],
  ]
  for (const [program, ...args] of commands) {
    const asks = `import importlib.metadata as m; print(m.version(${JSON.stringify(module)}))`
    const version = answerOf(program, [...args, ...(module === undefined ? ['--version'] : ['-c', asks])])
    if (version === undefined || !wanted.test(version)) continue
    const parser = `${module ?? ''} ${version}`.trim()
    const readerArgs = [...args, reader('read-with-python.py'), reads]
    return { id, dialect, parser, read: (files) => readWith(files, program, readerArgs) }
  }
  return undefined
}

function rubyOracle(): Oracle | undefined {
  const version = answerOf('ruby', ['-e', 'require "dotenv/version"; puts Dotenv::VERSION'])
  if (!version?.startsWith('2.')) return undefined
  const read: Oracle['read'] = (files) => readWith(files, 'ruby', [reader('read-with-ruby.rb')])
  return { id: 'rubydotenv24', dialect: 'ruby-dotenv', parser: `dotenv ${version} for Ruby`, read }
}

function shellOracle(id: string, tool: string, command: readonly [string, ...string[]]): Oracle | undefined {
  if (missingTools(tool).length > 0) return undefined
  const [program, ...args] = command
  const read: Oracle['read'] = (files) =>
    inFolder(files, async (folder) => {
      await run(program, [...args, reader('read-with-shell.sh'), folder, String(files.length)], { env: environment })
      return files.map((_, index) => environmentOf(readFileSync(join(folder, `out.${index}`), 'utf8')))
    })
  return { id, dialect: 'shell', parser: command.join(' '), read }
}

/** Of what `env -0` prints, the variables that the shell did not bring along. */
function environmentOf(printed: string): Reading {
  if (printed === '') return undefined
  const entries = printed
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const)
  return Object.fromEntries(
    entries.filter(([name]) => !(name in environment) && !/^(?:PWD|OLDPWD|SHLVL|LOGNAME|_)$/.test(name)),
  )
}

function systemdOracle(): Oracle | undefined {
  const folders = ['/usr/lib/x86_64-linux-gnu/systemd', '/usr/lib/aarch64-linux-gnu/systemd', '/usr/lib/systemd']
  const libraries = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const library = libraries.find((path) => /libsystemd-shared-\d+\.so$/.test(path))
  if (library === undefined || missingTools('python3').length > 0) return undefined
  return {
    id: 'systemd252',
    dialect: 'systemd',
    parser: `systemd ${/-(\d+)\.so$/.exec(library)?.[1]}`,
    read: (files) => readWith(files, 'python3', [reader('read-with-python.py'), 'systemd'], [library]),
  }
}

function dockerOracle(): Oracle | undefined {
  const version = answerOf('docker', ['--version'])
  if (version === undefined) return undefined
  const read: Oracle['read'] = (files) =>
    inFolder(files, async (folder) => {
      const stub = await startDockerStub(join(folder, 'docker.sock'))
      try {
        const readings: Reading[] = []
        for (const [index] of files.entries()) {
          const env = { ...environment, DOCKER_HOST: `unix://${stub.socket}` }
          await run('docker', ['create', '--env-file', join(folder, `.env.f${index}`), 'image'], { env }).catch(
            () => {},
          )
          readings.push(stub.takeVariables())
        }
        return readings
      } finally {
        await stub.close()
      }
    })
  return { id: 'docker28', dialect: 'docker', parser: version, read }
}

function apacheOracle(): Oracle | undefined {
  const version = answerOf('apache2', ['-v'])?.split('\n')[0]
  // It gives its rights up for those of www-data, which is root's to do.
  if (version === undefined || process.geteuid?.() !== 0) return undefined
  const own = /^(?:CONTEXT|DOCUMENT|GATEWAY|HTTP|QUERY|REMOTE|REQUEST|SCRIPT|SERVER)_|^PATH(?:_|$)/
  const read: Oracle['read'] = (files) =>
    inFolder(files, async (folder) => {
      const answers = await environmentsOf(folder, files.length, environment)
      return answers.map((printed) => {
        const found = printed === undefined ? undefined : environmentOf(printed)
        return found && Object.fromEntries(Object.entries(found).filter(([name]) => !own.test(name)))
      })
    })
  return { id: 'apache24', dialect: 'apache', parser: version, read }
}

/** Runs a reader over files, with the folder that they lie in and their number as its last arguments. */
async function readWith(
  files: readonly string[],
  program: string,
  args: readonly string[],
  more: readonly string[] = [],
): Promise<readonly Reading[]> {
  return inFolder(files, async (folder) => {
    const { stdout } = await run(program, [...args, folder, String(files.length), ...more], {
      env: environment,
      maxBuffer: 1024 ** 3,
    })
    const answers = JSON.parse(stdout) as readonly (Readonly<Record<string, string>> | readonly [] | null)[]
    return answers.map((answer) =>
      answer === null
        ? undefined
        : Object.fromEntries(
            Object.entries(answer).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]),
          ),
    )
  })
}

async function inFolder<T>(files: readonly string[], body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-oracle-'))
  try {
    for (const [index, text] of files.entries()) writeFileSync(join(folder, `.env.f${index}`), text)
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
