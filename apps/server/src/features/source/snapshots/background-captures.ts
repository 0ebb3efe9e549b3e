interface Running {
  abort: AbortController;
  ended: Promise<void>;
}

export type BackgroundCaptures = ReturnType<typeof createBackgroundCaptures>;

/** Captures in the background. They are stopped when a person takes or restores a snapshot of the same project. */
export function createBackgroundCaptures() {
  const running = new Map<string, Running>();
  return {
    /** One at a time for a project: the caller sees to that. */
    run: async (projectId: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
      const abort = new AbortController();
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      running.set(projectId, { abort, ended });
      try {
        await work(AbortSignal.any([signal, abort.signal]));
      } finally {
        running.delete(projectId);
        resolve();
      }
    },
    isRunning: (projectId: string): boolean => running.has(projectId),
    /** Aborts the capture of this project, if there is one. Resolves when it has ended. */
    stop: async (projectId: string): Promise<void> => {
      const known = running.get(projectId);
      known?.abort.abort();
      await known?.ended;
    },
  };
}
