import type { FileDifference, InjectionDifference } from '@fairlead/secrets-injector'

/** What an injection would change, a line for each file and for each variable. */
export function formatInjectionDifference({ files }: Pick<InjectionDifference, 'files'>): readonly string[] {
  return files.flatMap((file) => [`${file.state.padEnd(9)}  ${file.path}`, ...namesOf(file)])
}

function namesOf({ added = [], removed = [], changed = [] }: FileDifference): readonly string[] {
  return [
    ...added.map((name) => `  + ${name}`),
    ...removed.map((name) => `  - ${name}`),
    ...changed.map((name) => `  ~ ${name}`),
  ]
}
