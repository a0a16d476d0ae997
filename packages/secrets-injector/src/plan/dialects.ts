import type { DialectName } from '../model.ts'
import { apache } from './dialects/apache.ts'
import type { Dialect } from './dialects/dialect.ts'
import { docker } from './dialects/docker.ts'
import { dotenv } from './dialects/dotenv.ts'
import { dotenvx } from './dialects/dotenvx.ts'
import { dotenvExpand, next, vite, vite6, vite8 } from './dialects/expansion.ts'
import { json } from './dialects/json.ts'
import { node } from './dialects/node.ts'
import { phpFpm } from './dialects/php-fpm.ts'
import { phpdotenv } from './dialects/phpdotenv.ts'
import { pythonDotenv, pythonDotenvRaw } from './dialects/python-dotenv.ts'
import { rubyDotenv } from './dialects/ruby-dotenv.ts'
import { shell } from './dialects/shell.ts'
import { symfony } from './dialects/symfony.ts'
import { systemd } from './dialects/systemd.ts'
import { yaml } from './dialects/yaml.ts'

/** Every dialect that can be written. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  symfony,
  dotenv,
  'dotenv-expand': dotenvExpand,
  next,
  vite,
  vite6,
  vite8,
  node,
  dotenvx,
  phpdotenv,
  'python-dotenv': pythonDotenv,
  'python-dotenv-raw': pythonDotenvRaw,
  'ruby-dotenv': rubyDotenv,
  shell,
  systemd,
  docker,
  json,
  yaml,
  apache,
  'php-fpm': phpFpm,
}
