import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { GitAccess, Opened } from "./access.ts";
import { commitsRunsOf, type RunCommits } from "./run-commits.ts";
import { captureTree, commitTree, resetIndex, treeOf, type CapturedTree } from "./tree-commits.ts";
import type { WorkingRepo } from "./working-repo.ts";

const maxSubject = 72;

/** Files of the project that went back to an earlier state, or parts of them. */
interface RestoredFiles {
  project: ProjectRow;
  /** Whose commit it is. */
  userId: string;
  /** Paths whose content may differ now. */
  paths: readonly string[];
  /** Subject of the commit, unless it only reverts the last one. */
  subject: string;
  /** Called when it failed. */
  notCommitted(error: unknown): Promise<void>;
}

/**
 * Commits what a restore did to the files, so that the repository's history has every state of them and loses none. Runs whose commit is pending are
 * committed first. The same conditions as for the commits of runs (`createRunCommits`).
 */
export function createRestoreCommits({
  access,
  commitAllPending,
  committed,
  log,
}: {
  access: Pick<GitAccess, "writing">;
  commitAllPending: RunCommits["commitAllPending"];
  /** Called with each commit, in the same turn of writing. */
  committed(userId: string, opened: Opened, sha: string): Promise<unknown>;
  log: Logger;
}) {
  return {
    /** Returns the commit. Safe to repeat: files that are committed already yield none. Never throws. */
    commit: async (
      { project, userId, paths, subject, notCommitted }: RestoredFiles,
      { inExclusiveTask = false }: { inExclusiveTask?: boolean } = {},
    ): Promise<string | undefined> => {
      if (!commitsRunsOf(project) || paths.length === 0) return undefined;
      try {
        return await access.writing(
          userId,
          project.id,
          async (opened) => {
            const { repo } = opened;
            await commitAllPending(opened);
            const captured = await captureTree(repo, paths);
            const sha = captured && (await commitTree(repo, captured, await messageOf(repo, captured, subject)));
            if (sha === undefined) return undefined;
            await resetIndex(repo, paths);
            await committed(userId, opened, sha);
            return sha;
          },
          { inExclusiveTask },
        );
      } catch (err) {
        log.warn({ err, project_id: project.id }, "restored files not committed");
        await notCommitted(err).catch(() => undefined);
        return undefined;
      }
    },
  };
}

/** What git itself would write if the tree is that of the commit before the last one. */
async function messageOf(repo: WorkingRepo, { tree, parent }: CapturedTree, subject: string): Promise<string> {
  const shortened = subject.length > maxSubject ? `${subject.slice(0, maxSubject - 1)}…` : subject;
  if (parent === null) return shortened;
  const [reverted = "", before] = (await repo.read(["log", "-1", "--format=%s%x00%P", parent])).trim().split("\0");
  if (before === undefined || before === "" || before.includes(" ") || (await treeOf(repo, before)) !== tree) return shortened;
  const again = /^Revert "(.*)"$/.exec(reverted)?.[1];
  return `${again === undefined ? `Revert "${reverted}"` : `Reapply "${again}"`}\n\nThis reverts commit ${parent}.`;
}
