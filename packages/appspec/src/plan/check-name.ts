import type { AppSpecFinding } from '../model.ts'

/** What the name of the file does on a host, where it is another than `appspec.yml`. */
export function checkName(name: string): AppSpecFinding[] {
  if (name === 'appspec.yml') return []
  const place = { path: '', line: 1, column: 1, given: name } as const
  const consequence = /(?:^|\/)appspec\.yaml$/.test(name)
    ? 'agents before 2.0 find it in Install and nowhere else, so that every hook fails'
    : 'the deployment has to name it, and so has the next one, whose first events read this revision'
  return [
    {
      severity: 'warning',
      rule: 'appspec-name',
      ...place,
      message: `the file is called ${JSON.stringify(name)}: ${consequence}`,
      cure: 'Call it appspec.yml.',
    },
  ]
}
