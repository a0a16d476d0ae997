import type { PlanWarning } from '../model.ts'

/**
 * What is a name on Linux and another one, or none, elsewhere: each once, at the topmost folder that has it.
 *
 * @param paths in the order of their bytes
 */
export function warnOfNames(paths: readonly string[]): readonly PlanWarning[] {
  const folders = new Map<string, Map<string, string>>()
  const warnings: PlanWarning[] = []
  let before: readonly string[] = []
  for (const path of paths) {
    const parts = path.split('/')
    // In this order, what a path shares with the one before it has been looked at.
    let depth = 0
    while (depth < parts.length - 1 && parts[depth] === before[depth]) depth++
    for (; depth < parts.length; depth++) {
      const warning = warnOf(parts.slice(0, depth).join('/'), parts[depth] as string, folders)
      if (warning) warnings.push(warning)
    }
    before = parts
  }
  return warnings
}

function warnOf(folder: string, name: string, folders: Map<string, Map<string, string>>): PlanWarning | undefined {
  const names = folders.get(folder) ?? new Map<string, string>()
  folders.set(folder, names)
  const path = folder === '' ? name : `${folder}/${name}`
  const folded = foldName(name)
  const other = names.get(folded)
  if (other === name) return undefined
  if (other !== undefined)
    return { path, warning: 'name-collision', other: folder === '' ? other : `${folder}/${other}` }
  names.set(folded, name)
  return isForWindows(name) ? undefined : { path, warning: 'name-not-for-windows' }
}

/** As file systems fold that keep case and do not tell it apart; most names need nothing done. */
function foldName(name: string): string {
  return /^[ -@[-~]*$/.test(name) ? name : name.normalize('NFC').toLowerCase()
}

const devices = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:\.|$)/i

function isForWindows(name: string): boolean {
  return !/[<>:"|?*\\]/.test(name) && !/[. ]$/.test(name) && !devices.test(name)
}
