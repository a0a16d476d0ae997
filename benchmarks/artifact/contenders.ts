import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../measure.ts'
import { compiledEngine } from './compiled-engine.ts'

/** What a contender is given for one run. */
export interface Trial {
  /** The folder to pack, which is also the working directory; or the zip to unpack. */
  readonly subject: string
  /** The zip, or the folder, to write. There is nothing yet. */
  readonly output: string
  /** A folder that stays from run to run. */
  readonly cache: string
}

/** A tool, and how it is called. */
export interface Contender {
  readonly name: string
  /** The programs that it needs. */
  readonly needs: readonly string[]
  readonly command: (trial: Trial) => Command
}

const script = (name: string) => join(import.meta.dirname, name)

/** What is in the folder at its top, in the order of the names, without git's own folder, which no artifact has. */
function topNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name !== '.git')
    .sort()
}

/** Ours: a script that is told its options as JSON, by default on the Node that runs this. */
function ours(name: string, optionsOf: (trial: Trial) => object, node = process.execPath): Contender {
  return {
    name: 'ours',
    needs: [],
    command: (trial) => [node, script(name), JSON.stringify(optionsOf(trial))],
  }
}

/**
 * What the secret guard finds in the big tree: the signature of a made-up storage account in the documentation of AWS's
 * SDK. A team that ships the package allows it in the same way.
 */
const allow = [
  { path: 'node_modules/aws-sdk/clients/datasync.d.ts', rule: 'azure-sas', reason: 'an example in the documentation' },
]

/** An allowance that nothing needs is refused. */
const allowFor = (tree: string) => (existsSync(join(tree, allow[0]?.path ?? '')) ? { allow } : {})

/** The default: digests, the search for secrets and the sync of the file are in it. */
export const build = (node?: string) =>
  ours('build.mjs', ({ subject, output }) => ({ root: subject, output, ...allowFor(subject) }), node)

/** Without digests and the search for secrets, which no option turns off. */
export const engineAlone: Contender = {
  name: 'ours',
  needs: [],
  command: ({ subject, output }) => {
    const options = JSON.stringify({ root: subject, output })
    return [process.execPath, compiledEngine(), options]
  },
}

const cachedBuild = (options: { readonly cacheKey?: string } = {}) =>
  ours('build.mjs', ({ subject, output, cache }) => ({
    root: subject,
    output,
    cache,
    ...allowFor(subject),
    ...options,
  }))

export const buildWithCache = cachedBuild()

export const buildWithSignedCache = cachedBuild({ cacheKey: 'a key of the benchmark, which is no secret' })

export const extract = ours('extract.mjs', ({ subject, output }) => ({ path: subject, into: output }))

export const zip: Contender = {
  name: 'zip -6',
  needs: ['zip'],
  command: ({ subject, output }) => ['zip', '-r', '-y', '-6', '-q', output, ...topNames(subject)],
}

const sevenZip = (level: number): Contender => ({
  name: `7z -mx=${level}`,
  needs: ['7z'],
  command: ({ subject, output }) => [
    '7z',
    'a',
    '-tzip',
    `-mx=${level}`,
    '-snl',
    '-bso0',
    '-bsp0',
    output,
    ...topNames(subject),
  ],
})

const python: Contender = {
  name: 'python zipfile',
  needs: ['python3'],
  command: ({ output }) => ['python3', script('peers/zipfile-peer.py'), output],
}

const archiver: Contender = {
  name: 'archiver 8',
  needs: [],
  command: ({ output }) => [process.execPath, script('peers/archiver.mjs'), output],
}

const yazl: Contender = {
  name: 'yazl',
  needs: [],
  command: ({ output }) => [process.execPath, script('peers/yazl.mjs'), output],
}

/** What people pack with, Info-ZIP first. */
export const packers = [zip, archiver, yazl, sevenZip(5), sevenZip(1), python] as const

export const unpackers: readonly Contender[] = [
  { name: 'unzip', needs: ['unzip'], command: ({ subject, output }) => ['unzip', '-q', subject, '-d', output] },
  {
    name: 'bsdtar',
    needs: ['bsdtar', 'sh'],
    command: ({ subject, output }) => ['sh', '-c', 'mkdir "$2" && bsdtar -xf "$1" -C "$2"', 'sh', subject, output],
  },
]
