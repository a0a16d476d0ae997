/** Where moto and the suite disagree, and who is right. Each case names the document that says so. */
export interface Difference {
  readonly right: 'local-aws' | 'moto'
  readonly because: string
}

/** The moto that the list was made with. */
export const motoVersion = '5.2.1'

export const differences: Readonly<Record<string, Difference>> = {}
