/** local-aws in a process of its own. */
import { startLocalAws } from '@fairlead/local-aws'

const aws = await startLocalAws({ buckets: [{ name: 'bench' }] })
const { endpoint, region, credentials } = aws
console.log(JSON.stringify({ endpoint, region, credentials, pid: process.pid }))
process.once('SIGTERM', () => aws.close().finally(() => process.exit()))
