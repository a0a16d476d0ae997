/** local-aws in a process of its own. */
import { startLocalAws } from '@fairlead/local-aws'

const { endpoint, region, credentials } = await startLocalAws({ buckets: [{ name: 'bench' }] })
console.log(JSON.stringify({ endpoint, region, credentials, pid: process.pid }))
