import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

/** 64 KiB each: what memory.ts lays out, and no more. */
const pages = 144

/** At level 3 the code is larger and no faster. */
export async function compileKernel() {
  let code
  const { error, stderr } = await asc.main(
    [
      ...['index.ts', '--baseDir', fileURLToPath(new URL('.', import.meta.url)), '--outFile', 'kernel.wasm'],
      ...['-O2', '--noAssert', '--runtime', 'stub'],
      ...['--initialMemory', String(pages), '--maximumMemory', String(pages)],
    ],
    { writeFile: (_name, contents) => void (code = Buffer.from(contents)) },
  )
  const warnings = stderr.toString()
  if (error ?? warnings !== '') throw new Error(`the kernel does not compile: ${warnings}`, { cause: error })
  return code
}
