import { AppError } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { IdlePolicy } from "./idle-policy.ts";

/** How many projects of one person may run at the same time. */
export type RunningLimit = ReturnType<typeof createRunningLimit>;

export function createRunningLimit({ projects, idle }: { projects: Projects; idle: IdlePolicy }) {
  let stop: (projectId: string) => Promise<void> = async () => {};
  return {
    /** What stops the project that has to make room. */
    onFull: (handler: (projectId: string) => Promise<void>): void => void (stop = handler),
    /**
     * Takes a place for the project, which is `starting` from here on, unless it has one. When all are taken, the one of the same owner
     * that nobody has used for longest makes room, if there is one that nobody uses. Throws `running_limit_reached`, `forbidden` when its owner may not act any more.
     */
    claim: async (project: ProjectRow): Promise<void> => {
      for (;;) {
        const { running, limit, isClaimed, isRefused } = await projects.claimRunning(project.id);
        if (isClaimed) return;
        if (isRefused) throw new AppError("forbidden", "The account of this project is suspended or gone. Nothing of it can be started.");
        const resting = await idle.leastRecent(new Set(running.map(({ id }) => id)));
        if (resting === undefined)
          throw new AppError(
            "running_limit_reached",
            `${limit === 1 ? "One project" : `${limit} projects`} may run at once, and ${running.map(({ name }) => name).join(", ")} ${running.length === 1 ? "does" : "do"}. Stop one first.`,
            { details: { limit, running: running.map(({ id, name, slug }) => ({ id, name, slug })) } },
          );
        await stop(resting);
      }
    },
  };
}
