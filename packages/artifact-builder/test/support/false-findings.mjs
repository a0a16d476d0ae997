/**
 * What the secret guard finds in a tree that should hold no secret: `node test/support/false-findings.mjs <folder>`.
 * Prints `path:line rule`, never a value, private keys apart from the rest: packages bring keys for their own tests, and
 * those are real. Then how many files and bytes were looked at, and how fast.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsup'

const folder = process.argv[2]
if (folder === undefined) throw new Error('usage: node test/support/false-findings.mjs <folder>')

const scanSecrets = await builtScan()
const found = []
const count = { files: 0, bytes: 0, ns: 0n }
for (const file of filesIn(folder)) {
  const bytes = readFileSync(file)
  const path = relative(folder, file)
  const begin = process.hrtime.bigint()
  const findings = scanSecrets(path, bytes)
  count.ns += process.hrtime.bigint() - begin
  count.files += 1
  count.bytes += bytes.length
  found.push(...findings)
}

const isKey = ({ rule }) => /private-key|keystore/.test(rule)
print('private keys', found.filter(isKey))
print(
  'others',
  found.filter((finding) => !isKey(finding)),
)
const seconds = Number(count.ns) / 1e9
console.log(
  `${count.files} files, ${(count.bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(3)} s, ` +
    `${(count.bytes / 1e6 / seconds).toFixed(0)} MB/s, ${new Set(found.map(({ path }) => path)).size} files with findings`,
)

function print(title, findings) {
  console.log(`${title}: ${findings.length}`)
  for (const { path, line, rule } of findings) console.log(`  ${path}:${line} ${rule}`)
}

function* filesIn(place) {
  for (const entry of readdirSync(place, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesIn(join(place, entry.name))
    else if (entry.isFile()) yield join(place, entry.name)
  }
}

/** The guard as the library has it, from its source. */
async function builtScan() {
  const outDir = mkdtempSync(join(tmpdir(), 'fairlead-secrets-'))
  try {
    const source = join(import.meta.dirname, '../../src/plan/scan-secrets.ts')
    await build({ entry: [source], outDir, format: 'esm', platform: 'node', config: false, silent: true, clean: false })
    return (await import(pathToFileURL(findBuilt(outDir)).href)).scanSecrets
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

function findBuilt(outDir) {
  const name = readdirSync(outDir).find((file) => /^scan-secrets\.m?js$/.test(file))
  if (name === undefined) throw new Error(`nothing was built into ${outDir}`)
  return join(outDir, name)
}
