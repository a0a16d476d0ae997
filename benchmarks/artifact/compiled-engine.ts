import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

const repository = join(import.meta.dirname, '../..')
const folder = join(repository, 'build/bench-engine')

let file: string | undefined

/** `engine.ts` as a file that Node runs, made as the library is: to compile it takes as long as a tenth of its run. */
export function compiledEngine(): string {
  return (file ??= compile())
}

function compile(): string {
  const options = ['--no-config', '--silent', '--format', 'esm', '--target', 'node20', '--platform', 'node']
  execFileSync('npx', ['--no-install', 'tsup', 'artifact/engine.ts', ...options, '--out-dir', folder], {
    cwd: join(repository, 'benchmarks'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  copyFileSync(join(repository, 'packages/artifact-builder/dist/lane-worker.cjs'), join(folder, 'lane-worker.cjs'))
  return join(folder, 'engine.js')
}
