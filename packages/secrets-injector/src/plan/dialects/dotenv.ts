/** motdotla's dotenv for Node, versions 16 and 18 (its regular expression is the same in both). Nothing is expanded. */
import { motdotlaDialect } from './motdotla.ts'

export const dotenv = motdotlaDialect({
  name: 'dotenv',
  escape: (value) => value,
  finish: (value) => ({ value, expands: false }),
})
