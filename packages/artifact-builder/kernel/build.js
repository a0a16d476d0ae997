// Compiles the kernel into a module of the library: node kernel/build.js
import { writeFile } from 'node:fs/promises'
import { compileKernel } from './compile.js'

const code = (await compileKernel()).toString('base64')
const lines = code.match(/.{1,110}/g) ?? []
const text = `// Made from kernel/ by \`npm run build:kernel\`; test/plan/kernel.test.ts holds it to its source.
export const kernelCode =
  ${lines.map((line) => `'${line}'`).join(' +\n  ')}
`
await writeFile(new URL('../src/plan/kernel/kernel-code.ts', import.meta.url), text)
