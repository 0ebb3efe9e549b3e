/** Folders and files of a state folder (`runtime` in the data folder) that are built again, or describe running processes. */
const left: readonly RegExp[] = [
  /^(?!(?:sandboxes|history|slots\.json)(?:\/|$))/,
  /^sandboxes\/\./,
  /^sandboxes\/[^/]+\/tmp$/,
  /^sandboxes\/[^/]+\/home\/\.(?:cache|npm)$/,
  /^sandboxes\/[^/]+\/services\/[^/]+\/service\.json$/,
  /^history\/[^/]+\/(?:scratch|compare|known\.json)$/,
  /^(?:sandboxes|history)\/[^/]+\/[^/]+\.tmp$/,
];

/** Whether a backup leaves a path of the state folder out, with everything below it. */
export const notBackedUp = (path: string): boolean => left.some((pattern) => pattern.test(path));
