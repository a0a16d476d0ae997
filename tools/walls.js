/**
 * The walls between the packages, in one table: which neighbours a package may import at run time, and which outside
 * modules its `src/ports` may reach. The linter and `tests/architecture.test.ts` read the same table.
 */

/** @type {Record<string, { neighbours: string[], testNeighbours?: string[], outside: string[] }>} */
export const walls = {
  core: { neighbours: [], outside: [] },
  appspec: { neighbours: ['core'], outside: ['yaml'] },
  'artifact-builder': { neighbours: ['core', 'appspec'], outside: ['archiver', 'picomatch'] },
  's3-publisher': {
    neighbours: ['core'],
    testNeighbours: ['local-aws'],
    outside: ['@aws-sdk/client-s3'],
  },
  'release-resolver': {
    neighbours: ['core'],
    testNeighbours: ['local-aws', 's3-publisher'],
    outside: ['@aws-sdk/client-codedeploy'],
  },
  'codedeploy-client': {
    neighbours: ['core'],
    testNeighbours: ['local-aws'],
    outside: ['@aws-sdk/client-codedeploy'],
  },
  'secrets-injector': {
    neighbours: ['core'],
    testNeighbours: ['local-aws'],
    outside: ['@aws-sdk/client-secrets-manager'],
  },
  'release-symlinker': { neighbours: ['core'], outside: [] },
  'host-agent': { neighbours: ['core', 'appspec'], outside: ['tar', 'yauzl'] },
  'local-aws': {
    neighbours: ['core', 'host-agent'],
    outside: [
      '@aws-sdk/client-codedeploy',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-sts',
      'fast-xml-parser',
      'vitest',
    ],
  },
  cli: {
    neighbours: [
      'core',
      'appspec',
      'artifact-builder',
      's3-publisher',
      'release-resolver',
      'codedeploy-client',
      'secrets-injector',
      'release-symlinker',
      'host-agent',
      'local-aws',
    ],
    outside: ['commander'],
  },
}

/** A grammar or an argument parser touches nothing: a package whose table names one may use it outside its ports too. */
export const pureLibraries = ['commander', 'fast-xml-parser', 'picomatch', 'yaml']
