import type { AppSpecFinding, AppSpecRule } from '@fairlead/appspec'

const end = (section: string) => `in the ${section} section of the AppSpec file, and then try again.`
const sourceWords =
  'The deployment failed because the application specification file specifies a destination file, but no source file. Update the files section of the AppSpec file, and then try again.'
const words: Partial<Record<AppSpecRule, (given: string) => string>> = {
  empty: () =>
    "The deployment failed because the application specification file was empty. Make sure your AppSpec file defines at minimum the 'version' and 'os' properties.",
  'not-a-map': (given) => versionWords(given.includes('version') ? 'version' : ''),
  'version-quoted': versionWords,
  'version-unsupported': versionWords,
  'os-unsupported': osWords,
  'byte-order-mark': () => osWords(''),
  'file-exists-behavior': (given) =>
    `The deployment failed because an invalid file_exists_behavior value (${given}) was entered in the application specification file. Make sure your AppSpec file specifies one of DISALLOW,OVERWRITE,RETAIN as the file_exists_behavior, and then try again.`,
  'script-location-missing': () =>
    `The deployment failed because the application specification file specifies a script with no location value. Specify the location ${end('hooks')}`,
  'script-timeout': () =>
    `The deployment failed because an invalid timeout value was provided for a script in the application specification file. Make corrections ${end('hooks')}`,
  // A text where an entry should be is asked for its source, and has none.
  'file-not-a-map': () => sourceWords,
  'file-source-missing': () => sourceWords,
  'file-destination-missing': (given) =>
    `The deployment failed because the application specification file specifies only a source file (${given}). Add the name of the destination file to the files section of the AppSpec file, and then try again.`,
  'permissions-on-windows': () =>
    'The deployment failed because the application specification file specifiles file permissions, but the deployment is targeting one or more Windows Server instances. Permissions are supported only for Amazon Linux, Ubuntu Server, and Red Hat Enterprise Linux (RHEL) instances. Update the permissions section of the AppSpec file, and then try again.',
  'permission-object-missing': () =>
    'The deployment failed because a permission listed in the application specification file has no object value. Update the permissions section of the AppSpec file, and then try again.',
  'type-unknown': (given) =>
    `The deployment failed because the application specification filespecifies a permission for an object type not supported for permissions (${given}). Update the permissions section of the AppSpec file, and then try again.`,
  'mode-too-long': (given) =>
    `The deployment failed because the length of a permissions mode (${given}) in the application specification file is invalid. Permissions modes must be between one and four characters long. Update the permissions section of the AppSpec file, and then try again.`,
  'mode-invalid': (given) =>
    `The deployment failed because the permissions mode (${given}) in the application specification file contains an invalid character (${[...given].find((character) => !/[0-7]/.test(character)) ?? ''}). Update the permissions section of the AppSpec file, and then try again.`,
  'acl-base-entry': (given) =>
    `The deployment failed because of a problem with the acls permission settings in the application specification file. Use mode to set the base acl entry (${given}). Update the permissions section of the AppSpec file, and then try again.`,
  'acl-character': (given) =>
    `The deployment failed because the access control list (ACL) named ${given} in the application specification file contains an invalid character (${[...(given.split(':').at(-1) ?? '')].find((character) => !/[rwx-]/.test(character)) ?? ''}). Correct the ACL in the hooks section of the AppSpec file, and then try again.`,
  'context-type-missing': (given) =>
    `The deployment failed because the application specification file specifies an invalid context type (${given}). Update the permissions section of the AppSpec file, and then try again.`,
  'acl-invalid': (given) =>
    `The deployment failed because of a problem with the acls permission settings in the application specification file. Invalid acl entry (${given}).`,
}

/** What the official agent says when it refuses an AppSpec for this; our own words where its runtime had none. */
export function appSpecWords({ rule, given = '', message, line, column }: AppSpecFinding): string {
  return words[rule]?.(given) ?? `${message} at line ${line} column ${column}`
}

function osWords(given: string): string {
  return `The deployment failed because the application specification file specifies an unsupported operating system (${given}). Specify either "linux" or "windows" in the os section of the AppSpec file, and then try again.`
}

function versionWords(given: string): string {
  return `The deployment failed because an invalid version value (${given}) was entered in the application specification file. Make sure your AppSpec file specifies "0.0" as the version, and then try again.`
}

export function appSpecMissingWords(archive: string, filename: string): string {
  return `The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at revision-relative path "${filename}". The revision was unpacked to directory "${archive}", and the AppSpec file was expected but not found at path "${archive}/${filename}". Consult the AWS CodeDeploy Appspec documentation for more information at http://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html`
}
