import type { AppSpecFinding, BundleFile, BundleFiles } from '../model.ts'
import { backgroundStarts } from './background-starts.ts'
import type { BundleReference } from './references.ts'

/** Compares the paths that an AppSpec names with the files that are in the bundle. */
export function checkBundle(references: readonly BundleReference[], bundle: BundleFiles): AppSpecFinding[] {
  const files = new Map(Object.entries(bundle).map(([path, file]) => [resolveInBundle(path), file]))
  const holds = (path: string) =>
    path === '' || files.has(path) || [...files.keys()].some((name) => name.startsWith(`${path}/`))
  return references.flatMap(({ kind, value, ...place }): AppSpecFinding[] => {
    const path = resolveInBundle(value)
    if (kind === 'script') return checkScript(value, files.get(path), place)
    if (holds(path)) return []
    const message = `the bundle holds no ${JSON.stringify(value)}`
    const cure = 'Correct the source, or add the file to the bundle.'
    return [{ severity: 'error', rule: 'source-missing', ...place, message, cure, given: value }]
  })
}

function checkScript(
  location: string,
  file: BundleFile | undefined,
  place: Pick<AppSpecFinding, 'path' | 'line' | 'column'>,
): AppSpecFinding[] {
  const found = { ...place, given: location }
  if (!file) {
    const message = `the bundle holds no ${JSON.stringify(location)}`
    const cure = /\s/.test(location)
      ? 'Name the script alone: the agent passes no arguments.'
      : 'Correct the location, or add the script to the bundle.'
    return [{ severity: 'error', rule: 'script-missing', ...found, message, cure }]
  }
  const findings: AppSpecFinding[] = []
  if (file.executable === false) {
    const message = `${location} is not executable; the agent tries chmod +x, which fails where it may not`
    findings.push({
      severity: 'warning',
      rule: 'script-not-executable',
      ...found,
      message,
      cure: 'Run `chmod +x` on it.',
    })
  }
  const start = textOf(file.firstBytes)
  if (start !== undefined && !start.startsWith('#!') && !start.startsWith('\u007FELF')) {
    const message = `${location} does not begin with #!, so that it runs under whatever shell the agent has`
    findings.push({
      severity: 'warning',
      rule: 'script-without-shebang',
      ...found,
      message,
      cure: 'Begin it with `#!/bin/bash`.',
    })
  }
  if (start !== undefined && /^[^\n]*\r\n/.test(start)) {
    const message = `${location} has Windows line ends, so that the interpreter of its first line is not found`
    findings.push({ severity: 'error', rule: 'script-crlf', ...found, message, cure: 'Save it with line feeds only.' })
  }
  for (const line of start === undefined ? [] : backgroundStarts(start)) {
    const message = `line ${line} of ${location} starts a process in the background that keeps the output open; the event fails when the timeout is over`
    const cure = 'End the command with `>/dev/null 2>&1 </dev/null &`, or let a service manager start it.'
    findings.push({ severity: 'warning', rule: 'script-background', ...found, message, cure })
  }
  return findings
}

/** The path below the bundle's root that a location or a source means; '' is the root. */
function resolveInBundle(location: string): string {
  const parts: string[] = []
  for (const part of location.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function textOf(bytes: Uint8Array | string | undefined): string | undefined {
  if (bytes === undefined || typeof bytes === 'string') return bytes
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}
