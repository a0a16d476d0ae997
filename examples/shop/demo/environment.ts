import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { startWebServer } from './web-servers.ts'

export interface DemoHost {
  readonly name: string
  readonly group: Group
  readonly url: string
  /** Holds `releases`, `shared` and `current`. */
  readonly root: string
}

export interface DemoEnvironment {
  readonly aws: LocalAws
  readonly bucket: string
  readonly hosts: readonly DemoHost[]
  readonly close: () => Promise<void>
}

/** How many hosts each deployment group has. */
const groups = { dev: 1, staging: 1, production: 3 } as const
export type Group = keyof typeof groups

/** Production takes smaller orders than the others: the one difference that a test on dev cannot see. */
const orderLimitsEur: Record<Group, number> = { dev: 100, staging: 100, production: 50 }

const bucket = 'shop-artifacts'

/** Hosts with their web servers, and an AWS that knows them. Everything lies below `folder`. */
export async function startEnvironment(folder: string): Promise<DemoEnvironment> {
  const names = Object.entries(groups).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => ({ name: `${group}-${index + 1}`, group: group as Group })),
  )
  const servers = await Promise.all(
    names.map(async ({ name, group }) => {
      const machine = join(folder, 'hosts', name)
      const root = join(machine, 'srv/shop')
      mkdirSync(root, { recursive: true })
      const server = await startWebServer(root)
      return { name, group, machine, root, url: server.url, close: server.close }
    }),
  )
  const aws = await startLocalAws({
    buckets: [{ name: bucket, versioned: true }],
    secrets: Object.fromEntries(Object.keys(groups).flatMap((group) => secretsOf(group as Group))),
    hosts: servers.map(({ name, machine, root, url }) => ({
      name,
      folder: machine,
      environment: {
        PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
        SHOP_ROOT: root,
        SHOP_URL: url,
        SHOP_OWNER: userInfo().username,
      },
    })),
    applications: [
      {
        name: 'shop',
        groups: Object.keys(groups).map((group) => ({
          name: group,
          hosts: servers.filter((server) => server.group === group).map(({ name }) => name),
          deploymentConfig: 'CodeDeployDefault.OneAtATime',
        })),
      },
    ],
  })
  return {
    aws,
    bucket,
    hosts: servers.map(({ name, group, url, root }) => ({ name, group, url, root })),
    close: async () => {
      await aws.close()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

function secretsOf(group: Group): [string, string][] {
  const password = randomBytes(12).toString('base64url')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const env = {
    DATABASE_URL: `mysql://shop:${password}@db.${group}.internal/shop`,
    MAX_ORDER_EUR: String(orderLimitsEur[group]),
  }
  return [
    [`shop/${group}/env`, JSON.stringify(env)],
    [`shop/${group}/jwt-private-key`, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ]
}
