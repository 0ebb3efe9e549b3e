/** The unique key of the task that restores a project: while it is unfinished nothing else may start in there. */
export const restoreKey = (projectId: string): string => `snapshot_restore:${projectId}`;
