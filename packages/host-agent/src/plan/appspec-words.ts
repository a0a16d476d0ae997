import type { AppSpecFinding, AppSpecRule } from '@fairlead/appspec'

/** The order in which the official agent looks at an appspec.yml: it reports the first defect only. */
const order = ['', 'version', 'os', 'hooks', 'files', 'permissions', 'file_exists_behavior']

const end = (section: string) => `in the ${section} section of the AppSpec file, and then try again.`
const words: Partial<Record<AppSpecRule, (given: string) => string>> = {
  empty: () =>
    "The deployment failed because the application specification file was empty. Make sure your AppSpec file defines at minimum the 'version' and 'os' properties.",
  'not-a-map': () => versionWords(''),
  'version-quoted': versionWords,
  'version-unsupported': versionWords,
  'os-unsupported': osWords,
  'byte-order-mark': () => osWords(''),
  'script-location-missing': () =>
    `The deployment failed because the application specification file specifies a script with no location value. Specify the location ${end('hooks')}`,
  'script-timeout': () =>
    `The deployment failed because an invalid timeout value was provided for a script in the application specification file. Make corrections ${end('hooks')}`,
  'file-source-missing': () =>
    'The deployment failed because the application specification file specifies a destination file, but no source file. Update the files section of the AppSpec file, and then try again.',
  'file-destination-missing': () =>
    'The deployment failed because the application specification file specifies a source file, but no destination file. Update the files section of the AppSpec file, and then try again.',
  'permission-object-missing': () =>
    'The deployment failed because a permission listed in the application specification file has no object value. Update the permissions section of the AppSpec file, and then try again.',
  'type-unknown': (given) =>
    `The deployment failed because the application specification filespecifies a permission for an object type not supported for permissions (${given}). Update the permissions section of the AppSpec file, and then try again.`,
  'mode-too-long': (given) =>
    `The deployment failed because the length of a permissions mode (${given}) in the application specification file is invalid. Permissions modes must be between one and four characters long. Update the permissions section of the AppSpec file, and then try again.`,
  'mode-invalid': (given) =>
    `The deployment failed because the permissions mode (${given}) in the application specification file contains an invalid character (${[...given].find((character) => !/[0-7]/.test(character)) ?? ''}). Update the permissions section of the AppSpec file, and then try again.`,
  'acl-invalid': (given) =>
    `The deployment failed because of a problem with the acls permission settings in the application specification file. Invalid acl entry (${given}).`,
}

/** What the official agent says of an appspec.yml with these defects; our own words where its runtime had none. */
export function appSpecWords(defects: readonly AppSpecFinding[]): string {
  const rank = ({ path }: AppSpecFinding) => order.indexOf(/^[a-z_]*/.exec(path)?.[0] ?? '')
  const first = [...defects].sort((a, b) => rank(a) - rank(b))[0]
  if (!first) return 'the application specification file is invalid'
  return words[first.rule]?.(first.given ?? '') ?? `${first.message} at line ${first.line} column ${first.column}`
}

export function osWords(given: string): string {
  return `The deployment failed because the application specification file specifies an unsupported operating system (${given}). Specify either "linux" or "windows" in the os section of the AppSpec file, and then try again.`
}

function versionWords(given: string): string {
  return `The deployment failed because an invalid version value (${given}) was entered in the application specification file. Make sure your AppSpec file specifies "0.0" as the version, and then try again.`
}

export function appSpecMissingWords(archive: string, filename: string): string {
  return `The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at revision-relative path "${filename}". The revision was unpacked to directory "${archive}", and the AppSpec file was expected but not found at path "${archive}/${filename}". Consult the AWS CodeDeploy Appspec documentation for more information at http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html`
}
