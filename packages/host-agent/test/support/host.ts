import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import type { FetchBundle, Host, HostDeployment } from '../../src/model.ts'
import { writeBundle, type BundleEntry, type BundleFormat } from '../conformance/write-bundle.ts'

/** A host in a folder of its own. */
export function makeHost(facts: Partial<Host> = {}): Host {
  return { name: 'web-1', folder: join(temporaryFolder(), 'host'), ...facts }
}

export function makeDeployment(facts: Partial<HostDeployment> = {}): HostDeployment {
  return {
    deploymentId: 'd-1',
    deploymentGroupId: 'group-1',
    deploymentGroupName: 'dev',
    applicationName: 'shop',
    revision: { bucket: 'artifacts', key: 'artifacts/abc.zip', bundleType: 'zip' },
    ...facts,
  }
}

const head = 'version: 0.0\nos: linux\n'

/** A bundle with this AppSpec and these executable scripts. */
export function bundleOf(appspec: string, scripts: Readonly<Record<string, string>> = {}): BundleEntry[] {
  return [
    { path: 'appspec.yml', content: `${head}${appspec}` },
    ...Object.entries(scripts).map(([path, content]) => ({ path, content: `#!/bin/sh\n${content}\n`, mode: 0o755 })),
  ]
}

/** Serves an archive of these entries, or these very bytes. */
export function serve(bundle: readonly BundleEntry[] | Uint8Array, format: BundleFormat = 'zip'): FetchBundle {
  const bytes = bundle instanceof Uint8Array ? bundle : writeBundle(bundle, format)
  return () => Promise.resolve({ eTag: '"abc123"', body: pieces(bytes) })
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) {
    await Promise.resolve()
    yield bytes.subarray(start, start + 65_536)
  }
}

/** Everything below a folder that is not the agent's own. */
export function filesOf(host: Host): string[] {
  return (readdirSync(host.folder, { recursive: true }) as string[])
    .filter((path) => path !== 'opt' && !path.startsWith('opt/'))
    .sort()
}

export const deploymentRoot = 'opt/codedeploy-agent/deployment-root'
