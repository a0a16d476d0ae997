import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folders of a release; with 5,000 files, as many as the tree that the prototypes were measured on. */
const folders = 704

/**
 * Makes an unpacked artifact: files of six KB on average, most of them small, below `app`, and a hook beside. The same
 * bytes in each run.
 */
export function makeReleaseTree(top: string, files: number): string {
  for (let index = 0; index < files; index += 1) {
    const path = join(top, 'app', `d${index % 32}`, `e${index % folders}`, `file${index}.js`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytesOf(`${index}`, index % 50 === 0 ? 60_000 : 1_000 + ((index * 37) % 8_200)))
  }
  mkdirSync(join(top, 'hooks'), { recursive: true })
  writeFileSync(join(top, 'hooks/run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(top, 'version'), '1\n')
  writeManifest(top)
  return top
}

/** Gives one file in a hundred other bytes. */
export function changeOnePercent(top: string): void {
  for (const [index, path] of filesBelow(top).entries()) {
    if (index % 100 === 0)
      writeFileSync(join(top, path), bytesOf(`changed ${index}`, readFileSync(join(top, path)).length))
  }
  writeManifest(top)
}

/** Text that does not compress well, of a length. */
function bytesOf(seed: string, length: number): Buffer {
  const blocks: Buffer[] = []
  for (let size = 0, turn = 0; size < length; size += 64, turn += 1) {
    blocks.push(Buffer.from(createHash('sha256').update(`${seed} ${turn}`).digest('hex')))
  }
  return Buffer.concat(blocks).subarray(0, length)
}

function filesBelow(top: string): readonly string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(top.length + 1))
    .filter((path) => !path.startsWith('.fairlead/'))
    .sort()
}

function writeManifest(top: string): void {
  const entries = filesBelow(top).map((path) => {
    const bytes = readFileSync(join(top, path))
    const mode = path.startsWith('hooks/') ? '0755' : '0644'
    return {
      path,
      type: 'file',
      mode,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }
  })
  const contentDigest = createHash('sha256').update(JSON.stringify(entries)).digest('hex')
  const commit = contentDigest.slice(0, 40)
  const manifest = {
    schema: 'fairlead/manifest/1',
    application: 'shop',
    commit,
    contentDigest,
    entries,
    allowances: [],
  }
  mkdirSync(join(top, '.fairlead'), { recursive: true })
  writeFileSync(join(top, '.fairlead/manifest.json'), JSON.stringify(manifest))
}
