/** Compiles the kernel's AssemblyScript to WebAssembly. */
export function compileKernel(): Promise<Buffer>
