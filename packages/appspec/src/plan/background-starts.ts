/**
 * The lines of a shell script that start a process in the background which inherits the output of the script. The agent
 * waits until the output is closed, so such a process fails the event although the script ended well.
 *
 * A guess by the look of a line, for warnings: a `&` at its end, or a name that puts itself into the background.
 */
export function backgroundStarts(script: string): readonly number[] {
  if (!isShell(script)) return []
  const lines = script.split('\n')
  const found: number[] = []
  for (const [index, line] of lines.entries()) {
    const command = withoutComment(line).trim()
    if (/^exec\b.*>/.test(command) && closesOutputs(command)) return found
    if (startsInBackground(command) && !closesOutputs(command)) found.push(index + 1)
  }
  return found
}

function isShell(script: string): boolean {
  const first = script.split('\n', 1)[0] ?? ''
  return !first.startsWith('#!') ? !script.startsWith('\u007FELF') : /\b(?:ba|da|k|z|a)?sh\b/.test(first)
}

function startsInBackground(command: string): boolean {
  return /(?:^|[^&>|;])&$/.test(command) || /(?:^|[^&>])&\s*(?:disown\b|echo\b.*\$!|\w+=\$!)/.test(command)
}

function closesOutputs(command: string): boolean {
  if (/&>>?|>&(?!\d)/.test(command)) return true
  const stdout = /(?:^|[^\d&>])1?>>?[^&]/.test(command)
  return stdout && /2>>?(?:&1|[^&])/.test(command)
}

function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)#.*$/, '')
}
