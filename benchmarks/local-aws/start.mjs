/** How long the import of the kit takes, and each of some starts, in milliseconds. */
const began = performance.now()
const { startLocalAws } = await import('@fairlead/local-aws')
const importMs = performance.now() - began
const startMs = []
for (let round = 0; round < 11; round++) {
  const before = performance.now()
  const aws = await startLocalAws({ buckets: [{ name: 'bench' }], secrets: { a: 'value' } })
  startMs.push(performance.now() - before)
  await aws.close()
}
console.log(JSON.stringify({ importMs, startMs }))
