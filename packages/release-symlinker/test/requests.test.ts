/** Requests do not notice a change of release: Debian's web servers under load. */
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { missingTools, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { activateRelease } from '../src/index.ts'
import { testHost, type TestHost } from './support/host.ts'
import {
  loadDuring,
  phpFpmProgram,
  startApache,
  startNginx,
  startPhpFpm,
  type RunningServer,
} from './support/servers.ts'
import { refusal } from './support/refusal.ts'

const switches = process.env['FAIRLEAD_LONG'] ? 1_000 : 60

/**
 * Asks for the page and then for the script that the page names, as a browser does. The page is one letter 20,000 times
 * and the name of its script: an answer that mixes two releases has two letters.
 */
const browser = `
local counts = { pages = 0, assets = 0, mixed = 0, missing = 0 }
local nextPath = "/index.html"
request = function()
  return wrk.format("GET", nextPath)
end
response = function(status, headers, body)
  local letter, name = string.match(body, "^(%a)%a*\\n(/assets/app%.%a%.js)\\n$")
  if letter then
    counts.pages = counts.pages + 1
    if string.find(string.sub(body, 1, 20000), "[^" .. letter .. "]") or name ~= "/assets/app." .. letter .. ".js" then
      counts.mixed = counts.mixed + 1
    end
    nextPath = name
  else
    if status == 404 then counts.missing = counts.missing + 1 else counts.assets = counts.assets + 1 end
    nextPath = "/index.html"
  end
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function()
  local sum = {}
  for _, thread in ipairs(threads) do
    for name, count in pairs(thread:get("counts")) do sum[name] = (sum[name] or 0) + count end
  end
  for name, count in pairs(sum) do print("said " .. name .. " " .. count) end
end
`.replaceAll('local counts', 'counts')

const filesOf = (letter: string) => ({
  version: letter,
  'public/index.html': `${letter.repeat(20_000)}\n/assets/app.${letter}.js\n`,
  [`public/assets/app.${letter}.js`]: `// ${letter}\n`,
})
const overlap = ['public/assets']

/** Two releases that each have the other's assets too: what a switch back and forth needs. */
async function deployBoth(host: TestHost) {
  const assets = { 'public/assets/app.b.js': '// b\n', 'public/assets/app.c.js': '// c\n' }
  const b = await host.deploy('b', { files: { ...filesOf('b'), ...assets } })
  return [await host.deploy('c', { files: { ...filesOf('c'), ...assets } }), b] as const
}

const servers: readonly (readonly [string, readonly string[], (host: TestHost) => Promise<RunningServer>])[] = [
  ['nginx', ['nginx'], (host) => startNginx(join(host.folder, 'nginx'), `root ${join(host.root, 'current/public')};`)],
  ['Apache', ['apache2'], (host) => startApache(join(host.folder, 'apache'), join(host.root, 'current/public'))],
]

for (const [name, tools, start] of servers) {
  withTools(
    [...tools, 'wrk'],
    `${name}: of all requests during ${switches} switches none fails, mixes two releases or misses an asset`,
    async () => {
      const host = testHost()
      const [c, b] = await deployBoth(host)
      const { url } = await start(host)
      const load = await loadDuring(url, browser, host.folder, async () => {
        for (let turn = 0; turn < switches; turn++) {
          await activateRelease(turn % 2 === 0 ? b : c)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })
      const { refused, broken, said } = load
      const { mixed, pages = 0, assets = 0 } = said
      expect({ refused, broken, mixed }).toEqual({ refused: 0, broken: 0, mixed: 0 })
      expect(pages).toBeGreaterThan(100)
      expect(assets).toBeGreaterThan(100)
    },
    600_000,
  )

  withTools(
    [...tools, 'wrk'],
    `${name}: no asset is missing from deploy to deploy`,
    async () => {
      const host = testHost()
      await host.deploy('a', { files: filesOf('a') })
      const { url } = await start(host)
      const load = await loadDuring(url, browser, host.folder, async () => {
        for (const letter of 'bcdefghij') {
          await host.deploy(letter, { files: filesOf(letter), overlap })
          // Longer than a page and its script take, shorter than anybody deploys.
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
      })
      const { refused, broken, said } = load
      const { mixed, missing } = said
      expect({ refused, broken, mixed, missing }).toEqual({ refused: 0, broken: 0, mixed: 0, missing: 0 })
    },
    600_000,
  )
}

withTools(['nginx', 'wrk'], 'the same load does notice a link that is removed and made again', async () => {
  const host = testHost()
  const [c] = await deployBoth(host)
  const { url } = await startNginx(join(host.folder, 'nginx'), `root ${join(host.root, 'current/public')};`)
  const current = join(host.root, 'current')
  const load = await loadDuring(url, browser, host.folder, async () => {
    for (let turn = 0; turn < 50; turn++) {
      rmSync(current)
      await new Promise((resolve) => setTimeout(resolve, 5))
      symlinkSync(`releases/${c.name}`, current)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })
  expect(load.refused).toBeGreaterThan(0)
})

describe('PHP-FPM with opcache', () => {
  const program = phpFpmProgram()
  const php = (letter: string) => ({
    version: letter,
    'public/index.php': `<?php echo '${letter}', LIB;`.replace('LIB', `'${letter}'`),
  })

  /** nginx in front of php-fpm, which is told the script by `root`: what nginx calls the folder. */
  async function startPhp(host: TestHost, root: '$document_root' | '$realpath_root') {
    const fpm = await startPhpFpm(join(host.folder, 'fpm'))
    const location = `root ${join(host.root, 'current/public')}; location / {
      fastcgi_pass unix:${fpm.socket}; fastcgi_param REQUEST_METHOD GET;
      fastcgi_param SCRIPT_FILENAME ${root}/index.php; fastcgi_param DOCUMENT_ROOT ${root}; }`
    const { url } = await startNginx(join(host.folder, 'nginx'), location)
    return { url, fpm }
  }
  const ask = async (url: string) => (await fetch(url, { headers: { connection: 'close' } })).text()
  const askOften = async (url: string) => {
    const answers: string[] = []
    for (let turn = 0; turn < 40; turn++) answers.push(await ask(url))
    return [...new Set(answers)]
  }
  /** php-fpm's workers run as another user where root runs the test, and a test's folder is closed to others. */
  async function deploy(host: TestHost, letter: string) {
    const { chmodSync } = await import('node:fs')
    chmodSync(host.folder, 0o755)
    return await host.stage(letter, { files: php(letter) })
  }
  const declare = (name: string, body: () => Promise<void>) => {
    if (program !== undefined || process.env['FAIRLEAD_REQUIRE_TOOLS']) withTools(['nginx'], name, body, 120_000)
    else test(`${name} (skipped: no php-fpm on this machine)`, (context) => context.skip())
  }

  declare('with $realpath_root no old page is served from the moment that activateRelease returns', async () => {
    const host = testHost()
    await activateRelease(await deploy(host, 'a'))
    const { url } = await startPhp(host, '$realpath_root')
    expect(await askOften(url)).toEqual(['aa'])
    for (const letter of 'bcdef') {
      await activateRelease(await deploy(host, letter))
      expect(await askOften(url)).toEqual([`${letter}${letter}`])
    }
  })

  declare('with $document_root the old page stays: the probe finds out and the old release comes back', async () => {
    const host = testHost()
    const a = await deploy(host, 'a')
    await activateRelease(a)
    const { url } = await startPhp(host, '$document_root')
    expect(await askOften(url)).toEqual(['aa'])
    const b = await deploy(host, 'b')
    expect(
      await refusal(activateRelease(b, { probe: { url, expectCommit: true, attempts: 3, intervalMs: 100 } })),
    ).toMatch(/^ACTIVATION_FAILED: .*"probe" failed/)
    expect(readFileSync(join(host.root, 'current/version'), 'utf8')).toBe('a')
    await activateRelease(b)
    expect(await askOften(url)).toContain('aa')
  })

  declare('with $document_root and a reload of php-fpm the new page is served', async () => {
    const host = testHost()
    await activateRelease(await deploy(host, 'a'))
    const { url, fpm } = await startPhp(host, '$document_root')
    expect(await askOften(url)).toEqual(['aa'])
    const b = await deploy(host, 'b')
    const reload = async () => {
      process.kill(fpm.pid, 'SIGUSR2')
      await expect.poll(() => ask(url), { timeout: 20_000 }).toBe('bb')
    }
    await activateRelease(b, { reload })
    expect(await askOften(url)).toEqual(['bb'])
  })
})

test('the tools of these tests are those that the pipeline installs', () => {
  const pipeline = readFileSync(new URL('../../../.ci/run', import.meta.url), 'utf8')
  for (const tool of ['nginx', 'apache2', 'wrk', 'php-fpm']) expect(pipeline).toContain(tool)
  expect(missingTools()).toEqual([])
})
