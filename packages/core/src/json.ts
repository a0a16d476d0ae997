/** A value that survives `JSON.stringify` and `JSON.parse` unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/** A JSON object; a key that is `undefined` is left out of the text. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined }
