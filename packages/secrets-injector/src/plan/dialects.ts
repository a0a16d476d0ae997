import type { DialectName } from '../model.ts'
import { dotenv } from './dialects/dotenv.ts'
import type { Dialect } from './dialects/dialect.ts'
import { symfony } from './dialects/symfony.ts'

/** Every dialect that can be written. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { symfony, dotenv }
