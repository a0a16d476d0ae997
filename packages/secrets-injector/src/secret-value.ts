const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * A value that cannot print: it inspects, stringifies, serialises and formats as its name. The value lives in a closure, so that
 * no property, hidden ones included, leads to it; only `reveal()` yields it.
 */
export interface SecretValue<T extends string | Uint8Array = string | Uint8Array> {
  readonly name: string
  readonly reveal: () => T
  readonly toString: () => string
  readonly toJSON: () => string
}

/** Wraps a value; `name` is what prints instead. */
export function secretValue<T extends string | Uint8Array>(name: string, value: T): SecretValue<T> {
  const shown = () => `[secret ${name}]`
  return Object.freeze({
    name,
    reveal: () => value,
    toString: shown,
    toJSON: shown,
    [inspect]: shown,
    [Symbol.toPrimitive]: shown,
  })
}

/** Whether it holds text rather than bytes. */
export function isTextValue(value: SecretValue): value is SecretValue<string> {
  return typeof value.reveal() === 'string'
}
