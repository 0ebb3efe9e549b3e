import type { WithAuthorization } from "../git-providers/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TaskContext } from "../../core/tasks/index.ts";
import { repositoryLimits, type FetchedRepository, type FetchRepository } from "./fetch-repository.ts";

const maxPackBytes = 512 * 2 ** 20;

export type FetchForClone = ReturnType<typeof createFetchForClone>;
/** Fetches a repository with the user's account, within half of the disk quota of the project's owner. */
export const createFetchForClone =
  ({
    fetchRepository,
    withAuthorization,
    diskBytesOf,
  }: {
    fetchRepository: FetchRepository;
    withAuthorization: WithAuthorization;
    /** Disk limit of a user's project. */
    diskBytesOf(userId: string): Promise<number>;
  }) =>
  async (
    project: ProjectRow,
    { url, branch }: { url: string; branch: string | null },
    { task, signal, progress }: Pick<TaskContext, "task" | "signal" | "progress">,
  ): Promise<FetchedRepository> => {
    const diskBytes = await diskBytesOf(project.owner_id);
    await progress(5, "Contacting the host");
    let reportedPercent = 10;
    const fetch = (authorization: string | undefined) =>
      fetchRepository({
        url,
        branch,
        wantsAll: true,
        authorization,
        signal,
        limits: { ...repositoryLimits, packBytes: Math.min(maxPackBytes, Math.floor(diskBytes / 2)), treeBytes: Math.floor(diskBytes / 2) },
        onPhase: (phase) => (phase === "reached" ? progress(10, "Cloning") : progress(60, "Checking the repository")),
        onProgress: (line) => {
          const percent = 10 + Math.floor(Number(/(\d+)%/.exec(line)?.[1] ?? 0) / 2);
          if (percent < reportedPercent + 5) return;
          reportedPercent = percent;
          void progress(
            percent,
            line
              .replace(/^remote: /, "")
              .trim()
              .slice(0, 120),
          ).catch(() => undefined);
        },
      });
    return withAuthorization(task.user_id, url, fetch);
  };
