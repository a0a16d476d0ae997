import { spawnSync } from 'node:child_process'
import {
  build,
  buildWithCache,
  buildWithSignedCache,
  engineAlone,
  extract,
  packers,
  unpackers,
  zip,
  type Contender,
} from './contenders.ts'
import { packed, theTree, treeThatChanges, treeThatIsCloned, type Subjects } from './subjects.ts'

/** One comparison. */
export interface BenchCase {
  readonly name: string
  /** The one tree that it is for. Default: each tree that is asked for, but the huge one. */
  readonly tree?: 'huge'
  readonly ours: Contender
  readonly peers: readonly Contender[]
  /** What is packed or unpacked in each round. */
  readonly subjects: (place: Place) => Subjects
  /** Whether ours is run once before the first round, uncounted, on the first subject: what fills a cache. */
  readonly fillsCache?: boolean
}

/** Where a case is run. */
export interface Place {
  /** The tree as it was made; nothing may change it. */
  readonly tree: string
  /** An empty folder on the same disk, removed after the case. */
  readonly folder: string
}

export const cases: readonly BenchCase[] = [
  { name: 'cold', ours: build(), peers: packers, subjects: theTree },
  { name: 'engine-alone', ours: engineAlone, peers: [zip], subjects: theTree },
  { name: 'warm-unchanged', ours: buildWithCache, peers: [zip], subjects: theTree, fillsCache: true },
  { name: 'warm-1-percent-changed', ours: buildWithCache, peers: [zip], subjects: treeThatChanges, fillsCache: true },
  { name: 'fresh-clone-with-cache', ours: buildWithCache, peers: [zip], subjects: treeThatIsCloned, fillsCache: true },
  {
    name: 'fresh-clone-with-signed-cache',
    ours: buildWithSignedCache,
    peers: [zip],
    subjects: treeThatIsCloned,
    fillsCache: true,
  },
  { name: 'extract', ours: extract, peers: unpackers, subjects: packed },
  { name: 'one-file', tree: 'huge', ours: build(), peers: [zip], subjects: theTree },
  ...otherNodes().flatMap((node): readonly BenchCase[] => [
    { name: `cold-node-${majorOf(node)}`, ours: build(node), peers: [zip], subjects: theTree },
    { name: `one-file-node-${majorOf(node)}`, tree: 'huge', ours: build(node), peers: [zip], subjects: theTree },
  ]),
]

/** FAIRLEAD_NODES: other Nodes that ours has to be measured on, the paths of their binaries, colons between them. */
function otherNodes(): readonly string[] {
  return (process.env['FAIRLEAD_NODES'] ?? '').split(':').filter((path) => path !== '')
}

function majorOf(node: string): string {
  return spawnSync(node, ['--print', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout.trim()
}
