export { syncFolder, temporaryPath, writeFileAtomically } from './ports/atomic-file.ts'
