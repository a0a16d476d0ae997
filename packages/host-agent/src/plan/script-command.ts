import type { AppSpecScript } from '@fairlead/appspec'

export interface Command {
  readonly file: string
  /** What the program is told that it is called. Default: `file`. */
  readonly calledAs?: string | undefined
  readonly args: readonly string[]
}

/** Characters that make Ruby hand a command to the shell. Source: `Kernel#exec` of Ruby's documentation. */
const needsShell = /[*?{}[\]<>()~&|\\$;'`"\n#]/

/**
 * How the official agent starts a script. 1.8 joins a line of text, so that a blank in a path cuts it into a program and
 * its arguments and a `$` in it is the shell's; 2.x hands over the path as one argument.
 * Source: anchors "a path with a space fails" in 1.8; `prepare_script_command` of its platform code.
 */
export function scriptCommand(
  script: Pick<AppSpecScript, 'runas' | 'sudo'>,
  path: string,
  rules: { readonly startsScriptsByText: boolean },
  machine: { readonly user: string; readonly isRoot: boolean },
): Command {
  // Without root, su would ask for a password even for oneself.
  const runas = !machine.isRoot && script.runas === machine.user ? undefined : script.runas
  if (rules.startsScriptsByText) {
    const sudo = script.sudo ? 'sudo ' : ''
    return commandOfText(runas === undefined ? `${sudo}${path}` : `${sudo}su ${runas} -c ${path}`)
  }
  const words = [
    ...(script.sudo ? ['sudo'] : []),
    ...(runas === undefined ? [path] : ['su', runas, '-c', `'${path.replaceAll("'", `'\\''`)}'`]),
  ]
  return { file: words[0] ?? path, args: words.slice(1) }
}

function commandOfText(text: string): Command {
  if (needsShell.test(text)) return { file: '/bin/sh', calledAs: 'sh', args: ['-c', text] }
  const [file = '', ...args] = text.split(/[ \t]+/).filter((word) => word !== '')
  return { file, args }
}
