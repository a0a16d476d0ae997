/** A script without `timeout` may run this long. Source: the agent's documentation, "AppSpec 'hooks' section". */
export const defaultScriptTimeoutSeconds = 3600

/**
 * All scripts of one lifecycle event together may run this long. Source: CodeDeploy quotas, "maximum number of seconds
 * a deployment lifecycle event can run". The agent does not check it, the service ends the event.
 */
export const lifecycleEventSeconds = 3600

/** Characters of a value that a message quotes. Chosen here: enough to recognise it, short enough for one line. */
export const quotedCharacters = 80
