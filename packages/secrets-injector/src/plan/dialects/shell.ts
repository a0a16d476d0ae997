/**
 * A file that a POSIX shell sources with `set -a`: bash, dash, busybox ash, mksh, zsh. Single quotes keep everything but their own
 * kind, which stands outside of them behind a backslash.
 */
import { isPlainName, plainNames, readOrReject, Rejection, type Dialect, type FileVariable } from './dialect.ts'

/**
 * Variables that a shell keeps to itself, in one or several of the five: read-only (an assignment ends the script), computed, or
 * read by the shell as it goes on.
 */
const ownNames = new Set(
  (
    '_ BASHOPTS BASHPID BASH_VERSINFO BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_ALIASES BASH_LINENO BASH_SOURCE BASH_COMMAND ' +
    'BASH_REMATCH BASH_SUBSHELL COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GID EGID GROUPS HISTCMD IFS ' +
    'KSH_VERSION LINENO OLDPWD OPTARG OPTIND PATHSEP PGRP PIPESTATUS PPID PWD RANDOM SECONDS SHELLOPTS SHLVL SRANDOM STATUS ' +
    'TMOUT TTYIDLE UID USERNAME USER_ID argv cdpath fignore fpath funcstack historywords mailpath manpath module_path options ' +
    'path pipestatus prompt psvar signals status watch zsh_eval_context ARGC ERRNO PS4 PROMPT4'
  ).split(' '),
)

export const shell: Dialect = {
  name: 'shell',
  names: `${plainNames}; not a variable that a shell keeps to itself, as UID or IFS`,
  takesName: (name) => isPlainName(name) && !ownNames.has(name),
  encode: (name, value) => ({ text: `${name}='${value.replaceAll("'", "'\\''")}'` }),
  read: (text) => readOrReject(text, variablesOf),
}

const blank = /[ \t\n]*(?:#[^\n]*)?/y
const assignment = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/y
const segment = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\;&|<>()#][^\s'"\\;&|<>()]*)/y
const end = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y

/** Assignments, one on a line. A file that does anything else is no list of variables, and is rejected. */
function variablesOf(text: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let offset = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset
    const found = pattern.exec(text)
    if (found) offset += found[0].length
    return found
  }
  const skipBlank = () => {
    let before
    do {
      before = offset
      match(blank)
    } while (offset > before)
  }
  for (skipBlank(); offset < text.length; skipBlank()) {
    const start = offset
    const name = match(assignment)?.[1]
    if (name === undefined) throw new Rejection('a line is no assignment', start)
    let value = ''
    let expands = false
    for (let found = match(segment); found; found = match(segment)) {
      const [, single, double, escaped, bare] = found
      const text = double ?? bare ?? ''
      expands ||= /(?<!\\)[$`]/.test(text)
      value += single ?? double?.replaceAll(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char)) ?? ''
      value += escaped === '\n' ? '' : (escaped ?? '')
      value += bare ?? ''
    }
    if (!match(end)) throw new Rejection('an assignment is followed by something else', start)
    variables.push({ name, value, expands })
  }
  return variables
}
