/**
 * Tells whether archiver can hold a name. Before an entry of any format it joins `/` and `\` into one separator, cuts a
 * beginning like `c:` and then `/` and `../`, and says nothing of it: `foo:bar.js` becomes `bar.js`, `a\b` two parts.
 * A tar could hold all of these; but archiver does it in front of its tar stream too, where nothing can get by.
 * https://github.com/archiverjs/node-archiver/blob/master/lib/utils.js
 */
export function checkArchiverName(path: string): 'name-not-archivable' | undefined {
  const isChanged = path.includes('\\') || /^\w+:/.test(path) || /^(\.\.)?\//.test(path) || /\/(\/|$)/.test(path)
  return isChanged || path === '' ? 'name-not-archivable' : undefined
}
