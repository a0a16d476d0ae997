import { defaultScriptTimeoutSeconds } from './limits.ts'
import type { AppSpec } from './model.ts'
import { writeYaml } from './ports/yaml-text.ts'

/** Writes an appspec.yml that {@link parseAppSpec} reads back as the same value; modes get their quotes, defaults are left out. */
export function formatAppSpec(spec: AppSpec): string {
  const { os, fileExistsBehavior, files, permissions, hooks } = spec
  const body = {
    os,
    ...(fileExistsBehavior ? { file_exists_behavior: fileExistsBehavior } : {}),
    ...(files.length > 0 ? { files: files.map(({ source, destination }) => ({ source, destination })) } : {}),
    ...(permissions.length > 0
      ? {
          permissions: permissions.map(({ pattern, except, type, ...rest }) => ({
            ...rest,
            ...(pattern === '**' ? {} : { pattern }),
            ...(except.length > 0 ? { except } : {}),
            ...(type.length === 2 ? {} : { type }),
          })),
        }
      : {}),
    ...(Object.keys(hooks).length > 0
      ? {
          hooks: Object.fromEntries(
            Object.entries(hooks).map(([event, scripts]) => [
              event,
              scripts.map(({ location, timeoutSeconds, runas, sudo }) => ({
                location,
                ...(timeoutSeconds === defaultScriptTimeoutSeconds ? {} : { timeout: timeoutSeconds }),
                ...(runas === undefined ? {} : { runas }),
                ...(sudo ? { sudo } : {}),
              })),
            ]),
          ),
        }
      : {}),
  }
  // The library would write the number as 0; the documentation writes 0.0.
  return `version: 0.0\n${writeYaml(body)}`
}
