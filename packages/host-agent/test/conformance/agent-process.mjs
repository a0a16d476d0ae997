// An agent in a process of its own: it answers one command and tells what it would tell the service, a line each.
import { createReadStream, readFileSync, writeSync } from 'node:fs'
import { runHostCommand } from '../../dist/index.js'

const { host, command, bundle, reply } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const tell = (news) => writeSync(1, `${JSON.stringify(news)}\n`)
// An agent that is told to stop ends what it runs, reports it, and goes.
process.on('SIGTERM', () => {})
await runHostCommand(host, {
  command,
  fetchBundle: async () => ({ eTag: '"abc123"', body: createReadStream(bundle) }),
  service: {
    acknowledge: async (_id, { noop }) => {
      tell({ noop })
      return reply
    },
    complete: async (_id, completion) => tell({ completion }),
  },
})
