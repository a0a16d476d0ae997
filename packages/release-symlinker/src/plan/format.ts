import type { Operation, Step } from './activate.ts'

/** A plan's steps as lines for people, the file operations as the commands that do the same in the root. */
export function formatPlan({ steps }: { readonly steps: readonly Step[] }): readonly string[] {
  if (steps.length === 0) return ['nothing to do']
  const nameWidth = Math.max(...steps.map(({ name }) => name.length))
  const commands = steps.map((step) => formatOperation(step.do))
  const commandWidth = Math.max(...commands.map((command) => command.length))
  return steps.map(({ name, undo }, index) => {
    const command = commands[index] ?? ''
    const line = `${name.padEnd(nameWidth)}  ${command}`
    if (undo.length === 0) return line
    return `${line.padEnd(nameWidth + 2 + commandWidth)}  # undo: ${undo.map(formatOperation).join('; ')}`
  })
}

/** An operation as the command that does the same in the root, or as words where it is the caller's. */
export function formatOperation(operation: Operation): string {
  switch (operation.call) {
    case 'prepare':
      return `prepare releases/${operation.release} (yours)`
    case 'check':
      return `check releases/${operation.release} (yours)`
    case 'reload':
      return `reload for releases/${operation.release} (yours)`
    case 'trial':
      return `(cd releases/${operation.release} && PORT=<spare> ${operation.command.join(' ')})`
    case 'symlink':
      return `ln -s ${operation.target} ${operation.path}`
    case 'link':
      return `ln ${operation.from} ${operation.to}`
    case 'copy':
      return `cp ${operation.from} ${operation.to}`
    case 'mkdir':
      return `mkdir ${operation.path}`
    case 'chmod':
      return `chmod ${operation.mode} ${operation.path}`
    case 'write':
      return `write ${operation.path}`
    case 'syncfs':
      return `sync -f ${operation.path}`
    case 'rename':
      return `mv -T ${operation.from} ${operation.to}`
    case 'unlink':
      return `rm -f ${operation.path}`
    case 'remove-tree':
      return `rm -rf ${operation.path}`
    case 'fsync':
      return `sync ${operation.path}`
    case 'readlink':
      return `test "$(readlink ${operation.path})" = ${operation.expect}`
    case 'probe':
      return `GET ${operation.url}`
    case 'append':
      return `append "${operation.outcome}" to ${operation.path}`
  }
}
