/** Unique key of the task that copies a container's files. */
export const setupTaskKey = (containerId: string): string => `container_initialization:${containerId}`;
