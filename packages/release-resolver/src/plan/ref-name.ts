/**
 * Why text cannot be the short name of a tag or a branch, or `undefined` where it can.
 * The rules of https://git-scm.com/docs/git-check-ref-format, and no leading `-`, which `git tag` refuses as well.
 */
export function faultOfRefName(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it is no text'
  if (name === '') return 'it is empty'
  if (name.startsWith('-')) return 'it begins with -'
  if (name.startsWith('/') || name.endsWith('/') || name.includes('//')) return 'it has an empty part between slashes'
  if (name.includes('..')) return 'it has two dots in a row'
  if (name.endsWith('.')) return 'it ends with a dot'
  if (name.includes('@{')) return 'it has @{'
  const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]/.exec(name)?.[0]
  if (forbidden !== undefined) return `it has ${forbidden < '!' ? 'a space or a control character' : forbidden}`
  const parts = name.split('/')
  if (parts.some((part) => part.startsWith('.'))) return 'a part of it begins with a dot'
  if (parts.some((part) => part.endsWith('.lock'))) return 'a part of it ends with .lock'
  return undefined
}
