import type { Target } from '@fairlead/core'
import { s3Store } from '@fairlead/s3-publisher'

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`set ${name}`)
  return value
}

const application = 'shop'

export const environments = {
  dev: { application, deploymentGroup: 'dev' },
  staging: { application, deploymentGroup: 'staging' },
  production: { application, deploymentGroup: 'production' },
} satisfies Record<string, Target>

/** Which account this pipeline may change; compared with the credentials before anything is done. */
export const account = required('SHOP_AWS_ACCOUNT')

export const store = s3Store({ bucket: required('SHOP_BUCKET'), prefix: application })
