import { fileURLToPath } from 'node:url'
import { deflateRawSync } from 'node:zlib'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]
type Esbuild = Parameters<Plugin['setup']>[0]['esbuild']
type Outputs = NonNullable<Awaited<ReturnType<Esbuild['build']>>['metafile']>['outputs']

/** Puts the code of a program into `texts.ts`: split where it has an `import()`, each part as a text of CommonJS. */
export function chunksOf(program: string): Plugin {
  return {
    name: 'chunks',
    setup: ({ onLoad, esbuild }) => {
      onLoad({ filter: /\/host-file\/texts\.ts$/ }, async () => {
        const chunks = await splitProgram(esbuild, program)
        const [texts, packed] = [false, true].map((ofSdk) => chunks.filter((chunk) => chunk.isOfSdk === ofSdk))
        const exported = { entry: './main.js', texts: byName(texts, String), packed: byName(packed, pack) }
        const statements = Object.entries(exported).map(
          ([name, value]) => `export const ${name} = ${JSON.stringify(value)}`,
        )
        return { contents: statements.join('\n'), loader: 'js' }
      })
    },
  }
}

interface Chunk {
  readonly name: string
  /** CommonJS. */
  readonly code: string
  readonly isOfSdk: boolean
}

function byName(chunks: readonly Chunk[] = [], form: (code: string) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(chunks.map(({ name, code }) => [name, form(code)]))
}

/** Even to read past a text takes time; few commands come to need those of the SDK. */
function pack(code: string): string {
  return deflateRawSync(code, { level: 9 }).toString('base64')
}

async function splitProgram(esbuild: Esbuild, program: string): Promise<readonly Chunk[]> {
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: { main: program },
    bundle: true,
    splitting: true,
    format: 'esm',
    // ES modules first: of CommonJS nothing unused can be left out.
    mainFields: ['module', 'main'],
    platform: 'node',
    target: 'node20',
    minify: true,
    metafile: true,
    write: false,
    outdir: 'chunks',
    plugins: [directCalls],
  })
  const used = usedChunks(metafile.outputs)
  const chunks = outputFiles
    .filter(({ path }) => used.has(baseName(path)))
    .map(async ({ path, text }) => {
      const [, output] = Object.entries(metafile.outputs).find(([name]) => baseName(name) === baseName(path))!
      const isOfSdk = Object.keys(output.inputs).some((input) => /node_modules\/@(?:aws-sdk|smithy)\//.test(input))
      return { name: `./${baseName(path)}`, code: await toCommonJs(esbuild, text), isOfSdk }
    })
  return Promise.all(chunks)
}

/** What the program can come to. Chunks are made for every `import()`, those in functions that nobody calls among them. */
function usedChunks(outputs: Outputs): ReadonlySet<string> {
  const importsOf = new Map(
    Object.entries(outputs).map(([path, { imports }]) => [
      baseName(path),
      imports.filter(({ external }) => !external).map((imported) => baseName(imported.path)),
    ]),
  )
  const used = new Set(['main.js'])
  for (const name of used) for (const imported of importsOf.get(name) ?? []) used.add(imported)
  return used
}

async function toCommonJs(esbuild: Esbuild, text: string): Promise<string> {
  const { code } = await esbuild.transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    // `import()` becomes a `require()` that is called then.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'fileUrl' },
  })
  return code
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const standIn = fileURLToPath(new URL('secrets-manager.ts', import.meta.url))

/** Calls of Secrets Manager go by way of `secrets-manager.ts`, which alone sees the SDK. */
const directCalls: Plugin = {
  name: 'direct-calls',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@aws-sdk\/client-secrets-manager$/ }, ({ importer }) =>
      importer === standIn ? undefined : { path: standIn },
    )
  },
}
