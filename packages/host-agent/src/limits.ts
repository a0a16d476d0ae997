/** Characters of a script's output that reach the API. Source: the official agent's diagnostics, vectors `log-tail-*`. */
export const logTailCharacters = 2048

/** Revisions kept for a group, the new one included. Source: `max_revisions` of the official agent's configuration. */
export const defaultMaxRevisions = 5

/** From SIGTERM to SIGKILL for a script that ran out of time. Source: release notes of agent 2.x; 1.8 never kills. */
export const killAfterTermMs = 5000

/** Nested folders of a source before it is taken for a loop of symbolic links. Source: ELOOP of Linux comes at 40. */
export const maxSourceDepth = 200

/** Where a script finds its programs. Source: the default of systemd for a service, which is what the agent is. */
export const hookPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A log of deployments is put aside at this size. Source: the official agent's logger. */
export const deploymentLogBytes = 64 * 1024 * 1024

/** Logs of deployments that are kept, the newest included. Source: the official agent's logger. */
export const deploymentLogsKept = 8

/** An event that was running so long ago is not reported after a restart. Source: the official agent's tracker. */
export const staleEventMs = 24 * 60 * 60 * 1000
