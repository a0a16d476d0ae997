export interface Product {
  readonly id: string
  readonly name: string
  readonly priceEur: number
}

export const catalogue: readonly Product[] = [
  { id: 'rope', name: 'Dock rope, 10 m', priceEur: 24 },
  { id: 'fender', name: 'Fender', priceEur: 32 },
  { id: 'lamp', name: 'Brass lamp', priceEur: 45 },
]
