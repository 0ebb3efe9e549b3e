import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Identity } from "./identity.ts";
import { openWorkingRepo } from "./working-repo.ts";

/** Files that automatic commits leave out, whatever the project's `.gitignore` says: secrets and installed packages. */
const excluded = [".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "node_modules/", ".venv/", "__pycache__/"];
const timeoutMs = 30_000;

/**
 * Makes the files of a new project a repository with one commit. A project that came with a repository keeps it. Never throws: the project works
 * without, and people can initialize one later.
 */
export function createFirstCommits({
  sandboxOf,
  store,
  isOn,
  log,
}: {
  sandboxOf(project: ProjectRow): Promise<Sandbox>;
  store: { identityOf(userId: string): Promise<Identity>; setHasRepository(projectId: string): Promise<void> };
  isOn: boolean;
  log: Logger;
}) {
  const pending = new Map<string, Promise<void>>();
  const make = async (project: ProjectRow, message: string): Promise<void> => {
    try {
      const [sandbox, identity] = await Promise.all([sandboxOf(project), store.identityOf(project.owner_id)]);
      const repo = openWorkingRepo(sandbox, identity);
      // After a crash, the repository may be there without its commit.
      if ((await repo.isRepository()) && (project.has_git_repo || (await repo.head()) !== undefined)) return;
      await repo.write(["init", "--quiet", "--initial-branch=main"]);
      await sandbox.files.write(".git/info/exclude", `${excluded.join("\n")}\n`);
      await repo.identify();
      await repo.write(["add", "--all", "--", "."], { timeoutMs });
      await repo.write(["commit", "--quiet", "--no-verify", "--allow-empty", "--file=-"], { input: message, timeoutMs });
      await store.setHasRepository(project.id);
    } catch (err) {
      log.warn({ err, project_id: project.id }, "no repository for the new project");
    }
  };
  return {
    /** At most one at a time; again for a project that has a repository it does nothing. */
    make: (project: ProjectRow, message: string): Promise<void> => {
      if (!isOn) return Promise.resolve();
      const known = pending.get(project.id);
      if (known) return known;
      const made = make(project, message).finally(() => pending.delete(project.id));
      pending.set(project.id, made);
      return made;
    },
    /** Resolves when the first commit of the project is made, at once when none is being made. */
    settled: async (projectId: string): Promise<void> => pending.get(projectId),
  };
}
