import { conflict } from "../../../platform/errors.ts";

/** Writes of one project one after the other (agent-git-deploy 5.0). A project's tree is on one server, so this process alone decides. */
export interface Turns {
  /** Throws `git_busy` when its turn does not come within `waitMs`. */
  take<T>(projectId: string, work: () => Promise<T>): Promise<T>;
}
export function createTurns({ waitMs }: { waitMs: number }): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: async (projectId, work) => {
      const before = last.get(projectId);
      const mine = Promise.withResolvers<void>();
      const chained = (before ?? Promise.resolve()).then(() => mine.promise);
      last.set(projectId, chained);
      void chained.then(() => last.get(projectId) === chained && last.delete(projectId));
      try {
        if (before) await within(before, waitMs);
        return await work();
      } finally {
        mine.resolve();
      }
    },
  };
}

async function within(turn: Promise<unknown>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(conflict("git_busy", "Another git command works in this project. Try again in a moment.")), waitMs);
  });
  try {
    await Promise.race([turn, late]);
  } finally {
    clearTimeout(timer);
  }
}
