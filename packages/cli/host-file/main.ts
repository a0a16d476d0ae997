#!/usr/bin/env node
/**
 * Runs the commands of a host, whose code is beside this in the same file, as texts: the engine looks through all code of a file
 * before the first line runs, and reads past a text. Each becomes code when something imports it.
 */
import { entry, packed, texts } from './texts.ts'

interface Chunk {
  exports: object
}

/** These take a millisecond or more to load, and most commands call nothing in them. */
const costly = new Set(['child_process', 'crypto', 'zlib'])

const loaded = new Map<string, Chunk>()

/** What `require` is to the texts. */
function load(name: string): object {
  const known = loaded.get(name)
  if (known) return known.exports
  const text = texts[name] ?? unpack(packed[name])
  if (text === undefined) return loadBuiltin(name.replace(/^node:/, ''))
  const chunk: Chunk = { exports: {} }
  // First, for two that import each other.
  loaded.set(name, chunk)
  compile(name, text)(load, chunk, chunk.exports, import.meta.url)
  return chunk.exports
}

function unpack(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined
  const { inflateRawSync } = process.getBuiltinModule('node:zlib')
  return inflateRawSync(Buffer.from(base64, 'base64')).toString('utf8')
}

type Run = (require: typeof load, module: Chunk, exports: object, fileUrl: string) => void

function compile(filename: string, text: string): Run {
  const { compileFunction } = process.getBuiltinModule('node:vm')
  return compileFunction(text, ['require', 'module', 'exports', 'fileUrl'], { filename }) as Run
}

function loadBuiltin(name: string): object {
  if (costly.has(name)) return onUse(() => process.getBuiltinModule(name) as object)
  const builtin = process.getBuiltinModule(name)
  if (builtin) return builtin
  // What is tried to be loaded by a package that can do without it.
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
}

/** Stands for a module until something is taken out of it. */
function onUse(get: () => object): object {
  return new Proxy(
    {},
    {
      get: (_, key) => Reflect.get(get(), key) as unknown,
      has: (_, key) => Reflect.has(get(), key),
      ownKeys: () => Reflect.ownKeys(get()),
      getOwnPropertyDescriptor: (_, key) => {
        const property = Reflect.getOwnPropertyDescriptor(get(), key)
        return property && { ...property, configurable: true }
      },
    },
  )
}

load(entry)
