/**
 * What every ArtifactStore must do, as cases over a factory: the same for a folder, for S3 and for what a team writes.
 */
import { createHash, randomBytes } from 'node:crypto'
import { coreErrors, isDeployError, readStoredText, type ArtifactStore, type StoreBody } from '@fairlead/core'
import { describe, expect, test } from 'vitest'

/** Makes an empty store, and another value that stands for the same place, as another process would. */
export type StoreFactory = () => Promise<{
  readonly store: ArtifactStore
  readonly again: () => ArtifactStore
}>

export function bodyOf(bytes: string | Uint8Array, pieceBytes = 64 * 1024): StoreBody & { readonly opened: number } {
  const buffer = Buffer.from(bytes as Uint8Array)
  let opened = 0
  return {
    sizeBytes: buffer.byteLength,
    sha256: sha256Of(buffer),
    open: async function* () {
      opened++
      for (let at = 0; at < buffer.byteLength; at += pieceBytes) yield buffer.subarray(at, at + pieceBytes)
    },
    get opened() {
      return opened
    },
  }
}

export function sha256Of(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function read(
  store: ArtifactStore,
  key: string,
  location?: Parameters<ArtifactStore['open']>[1],
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.open(key, location)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function keysOf(store: ArtifactStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

export function describeStore(name: string, make: StoreFactory): void {
  describe(`${name} keeps the contract of a store:`, () => {
    test('what is put is found, with its size and digest, and read back byte for byte', async () => {
      const { store, again } = await make()
      const bytes = randomBytes(300_000)
      const { created, object } = await store.put('artifacts/a.zip', bodyOf(bytes))
      expect(created).toBe(true)
      expect(object).toMatchObject({ key: 'artifacts/a.zip', sizeBytes: 300_000, sha256: sha256Of(bytes) })
      expect(await again().find('artifacts/a.zip')).toEqual(object)
      expect((await read(again(), 'artifacts/a.zip')).equals(bytes)).toBe(true)
      expect((await read(again(), 'artifacts/a.zip', { location: object.location })).equals(bytes)).toBe(true)
      expect(await again().find('artifacts/a.zip', { location: object.location })).toEqual(object)
    })

    test('a second put changes nothing, opens no body and answers the first object', async () => {
      const { store, again } = await make()
      const first = await store.put('commits/1.json', bodyOf('first'))
      const second = bodyOf('second')
      expect(await again().put('commits/1.json', second)).toEqual({ created: false, object: first.object })
      expect(second.opened).toBe(0)
      expect(await readStoredText(store, 'commits/1.json')).toBe('first')
    })

    test('of several writers at once one is first, and all are told of its object', async () => {
      const { again } = await make()
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => again().put('commits/race.json', bodyOf(`writer ${index}`))),
      )
      const winners = answers.filter(({ created }) => created)
      expect(winners).toHaveLength(1)
      for (const { object } of answers) expect(object).toEqual(winners[0]?.object)
      const text = await readStoredText(again(), 'commits/race.json')
      expect(sha256Of(text)).toBe(winners[0]?.object.sha256)
    })

    test('what is not there is not found, and cannot be opened', async () => {
      const { store } = await make()
      expect(await store.find('artifacts/none.zip')).toBeUndefined()
      await expect(read(store, 'artifacts/none.zip')).rejects.toSatisfy((error) =>
        isDeployError(error, coreErrors.OBJECT_NOT_FOUND),
      )
    })

    test('a body whose bytes are others than it says leaves nothing behind', async () => {
      const { store } = await make()
      const honest = bodyOf('the bytes that were announced')
      const forged = { ...honest, open: bodyOf('other bytes of the same len..').open }
      const longer = { ...honest, open: bodyOf('the bytes that were announced, and more').open }
      const shorter = { ...honest, open: bodyOf('the bytes').open }
      for (const body of [forged, longer, shorter]) {
        await expect(store.put('artifacts/a.zip', body)).rejects.toMatchObject({ code: 'STORE_BODY_DIFFERS' })
      }
      expect(await store.find('artifacts/a.zip')).toBeUndefined()
      expect((await store.put('artifacts/a.zip', honest)).created).toBe(true)
    })

    test('a body that fails fails the put with its own error and leaves nothing behind', async () => {
      const { store } = await make()
      const trouble = new Error('the disk went away')
      const body = {
        ...bodyOf('0123456789'.repeat(100_000)),
        open: async function* () {
          yield Buffer.from('0123456789')
          throw trouble
        },
      }
      await expect(store.put('artifacts/a.zip', body)).rejects.toBe(trouble)
      expect(await store.find('artifacts/a.zip')).toBeUndefined()
    })

    test('an empty body is refused', async () => {
      const { store } = await make()
      await expect(store.put('artifacts/a.zip', bodyOf(''))).rejects.toMatchObject({ code: 'STORE_BODY_EMPTY' })
    })

    test('a body of more than 5 GB is refused before it is opened', async () => {
      const { store } = await make()
      const body = { ...bodyOf('x'), sizeBytes: 5 * 1024 ** 3 + 1 }
      await expect(store.put('artifacts/a.zip', body)).rejects.toMatchObject({ code: 'STORE_BODY_TOO_BIG' })
    })

    test.each(['', '/etc/passwd', '../a', 'a/../b', 'a//b', 'a/./b', 'a/', '.hidden', 'a\\b', 'a\nb'])(
      'the key %j is refused',
      async (key) => {
        const { store } = await make()
        const refused = { code: 'STORE_KEY_INVALID' }
        await expect(store.put(key, bodyOf('x'))).rejects.toMatchObject(refused)
        await expect(store.find(key)).rejects.toMatchObject(refused)
        await expect(read(store, key)).rejects.toMatchObject(refused)
        await expect(store.delete(key)).rejects.toMatchObject(refused)
        await expect(store.readHead(key)).rejects.toMatchObject(refused)
        await expect(store.swapHead(key, { expected: undefined, value: 'x' })).rejects.toMatchObject(refused)
      },
    )

    test('a location of another store is refused', async () => {
      const { store } = await make()
      await store.put('artifacts/a.zip', bodyOf('x'))
      const elsewhere = { kind: 's3', bucket: 'somebody-elses', key: 'artifacts/a.zip' } as const
      const refused = { code: 'STORE_LOCATION_MISMATCH' }
      await expect(read(store, 'artifacts/a.zip', { location: elsewhere })).rejects.toMatchObject(refused)
      await expect(store.find('artifacts/a.zip', { location: elsewhere })).rejects.toMatchObject(refused)
      const other = { kind: 'folder', path: '/srv/artifacts/b.zip' } as const
      await expect(store.find('artifacts/a.zip', { location: other })).rejects.toMatchObject(refused)
    })

    test('a listing has the objects below a prefix in the order of the bytes of their keys', async () => {
      const { store } = await make()
      // U+FF5E sorts before U+1F600 in UTF-8, behind it in JavaScript's own order; `-` sorts before `/`.
      const keys = ['list/b', 'list/a/2', 'list/a-1', 'list/a/10', 'list/\u{1F600}', 'list/\u{FF5E}', 'other/x']
      for (const key of keys) await store.put(key, bodyOf(key))
      const expected = ['list/a-1', 'list/a/10', 'list/a/2', 'list/b', 'list/\u{FF5E}', 'list/\u{1F600}']
      expect(await keysOf(store, 'list/')).toEqual(expected)
      expect(await keysOf(store, 'list/a')).toEqual(['list/a-1', 'list/a/10', 'list/a/2'])
      expect(await keysOf(store, 'list/a/')).toEqual(['list/a/10', 'list/a/2'])
      expect(await keysOf(store, '')).toEqual([...expected, 'other/x'])
      expect(await keysOf(store, 'nothing/')).toEqual([])
      for await (const object of store.list('list/b')) expect(object.sizeBytes).toBe('list/b'.length)
      await expect(keysOf(store, '../')).rejects.toMatchObject({ code: 'STORE_KEY_INVALID' })
    })

    test('a deleted object is gone, and deleting it again is no error', async () => {
      const { store } = await make()
      await store.put('artifacts/a.zip', bodyOf('x'))
      await store.delete('artifacts/a.zip')
      await store.delete('artifacts/a.zip')
      expect(await store.find('artifacts/a.zip')).toBeUndefined()
    })

    test('a head begins as nothing, and each swap brings another revision, even with a value that was there before', async () => {
      const { store, again } = await make()
      expect(await store.readHead('ledger/head.json')).toBeUndefined()
      const revisions = new Set<string>()
      let expected: string | undefined
      for (const value of ['one', 'two', 'one', '', 'two\nlines\n', 'ünïcode']) {
        const head = await again().swapHead('ledger/head.json', { expected, value })
        expect(head?.value).toBe(value)
        expect(await again().readHead('ledger/head.json')).toEqual(head)
        expected = head?.revision
        revisions.add(String(expected))
      }
      expect(revisions.size).toBe(6)
    })

    test('a swap from a revision that is no longer there is lost and changes nothing', async () => {
      const { store, again } = await make()
      const first = await store.swapHead('h', { expected: undefined, value: '1' })
      expect(await again().swapHead('h', { expected: undefined, value: 'late' })).toBeUndefined()
      const second = await store.swapHead('h', { expected: first?.revision, value: '2' })
      expect(await again().swapHead('h', { expected: first?.revision, value: 'late' })).toBeUndefined()
      expect(await again().readHead('h')).toEqual(second)
      expect(await store.swapHead('nothing-here', { expected: second?.revision, value: 'x' })).toBeUndefined()
      expect(await store.readHead('nothing-here')).toBeUndefined()
    })

    test('no swap of several writers is lost', async () => {
      const { again } = await make()
      const addOne = async (store: ArtifactStore) => {
        for (;;) {
          const head = await store.readHead('counter')
          const value = String(Number(head?.value ?? '0') + 1)
          if (await store.swapHead('counter', { expected: head?.revision, value })) return
        }
      }
      const writers = Array.from({ length: 5 }, async () => {
        const store = again()
        for (let round = 0; round < 4; round++) await addOne(store)
      })
      await Promise.all(writers)
      expect((await again().readHead('counter'))?.value).toBe('20')
    })

    test('a cancelled call rejects with the reason itself and writes nothing', async () => {
      const { store } = await make()
      await store.put('artifacts/there.zip', bodyOf('x'.repeat(200_000)))
      const reason = { because: 'the job was cancelled' }
      const signal = AbortSignal.abort(reason)
      await expect(store.put('artifacts/a.zip', bodyOf('x'), { signal })).rejects.toBe(reason)
      await expect(store.find('artifacts/there.zip', { signal })).rejects.toBe(reason)
      await expect(read(store, 'artifacts/there.zip', { signal })).rejects.toBe(reason)
      await expect(store.readHead('h', { signal })).rejects.toBe(reason)
      await expect(store.swapHead('h', { expected: undefined, value: 'x' }, { signal })).rejects.toBe(reason)
      await expect(store.delete('artifacts/there.zip', { signal })).rejects.toBe(reason)
      await expect(store.list('', { signal })[Symbol.asyncIterator]().next()).rejects.toBe(reason)
      expect(await keysOf(store, '')).toEqual(['artifacts/there.zip'])
    })

    test('a put that is cancelled in the middle of its body leaves nothing behind', async () => {
      const { store } = await make()
      const stop = new AbortController()
      const reason = new Error('stopped in the middle')
      const whole = bodyOf('0123456789'.repeat(100_000), 100_000)
      const body = {
        ...whole,
        open: async function* () {
          let pieces = 0
          for await (const piece of whole.open()) {
            yield piece
            if (++pieces === 3) stop.abort(reason)
          }
        },
      }
      await expect(store.put('artifacts/a.zip', body, { signal: stop.signal })).rejects.toBe(reason)
      expect(await store.find('artifacts/a.zip')).toBeUndefined()
      expect((await store.put('artifacts/a.zip', whole)).created).toBe(true)
    })

    test('a reader that leaves early or is cancelled in the middle is done', async () => {
      const { store } = await make()
      await store.put('artifacts/a.zip', bodyOf(randomBytes(3_000_000)))
      for await (const piece of await store.open('artifacts/a.zip')) {
        expect(piece.byteLength).toBeGreaterThan(0)
        break
      }
      const stop = new AbortController()
      const reason = new Error('enough')
      const reading = (async () => {
        for await (const _piece of await store.open('artifacts/a.zip', { signal: stop.signal })) stop.abort(reason)
      })()
      await expect(reading).rejects.toBe(reason)
    })
  })
}
