import { AppError, limitReached } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { IdlePolicy } from "./idle-policy.ts";

/** Limits how many projects of a user run at the same time. */
export type RunningLimit = ReturnType<typeof createRunningLimit>;

export function createRunningLimit({
  projects,
  idle,
  stop,
}: {
  projects: Projects;
  idle: IdlePolicy;
  /** Stops the project that frees a slot. */
  stop: (projectId: string) => Promise<void>;
}) {
  return {
    /**
     * Claims a slot for the project and sets it to `starting`. When none is free, stops the owner's least recently used idle project.
     * Throws `running_limit_reached`, or `forbidden` when the owner's account is inactive.
     */
    claim: async (project: ProjectRow): Promise<void> => {
      for (;;) {
        const { running, limit, isClaimed, isRefused } = await projects.claimRunning(project.id);
        if (isClaimed) return;
        if (isRefused) throw new AppError("forbidden", "The owner's account is suspended or deleted, so this project cannot be started.");
        const victim = await idle.leastRecentlyUsed(new Set(running.map(({ id }) => id)));
        if (victim === undefined)
          throw limitReached(
            "running_limit_reached",
            `${limit === 1 ? "One project" : `${limit} projects`} may run at once, and ${running.map(({ name }) => name).join(", ")} ${running.length === 1 ? "does" : "do"}. Stop one first.`,
            { used: running.length, limit, running: running.map(({ id, name, slug }) => ({ id, name, slug })) },
          );
        await stop(victim);
      }
    },
  };
}
