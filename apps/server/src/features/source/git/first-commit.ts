import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Identity } from "./identity.ts";
import { openWorkingRepo } from "./working-repo.ts";

/** What is never committed by itself, whatever the project's `.gitignore` says: secrets, and what package managers install. */
const excluded = [".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "node_modules/", ".venv/", "__pycache__/"];
const timeoutMs = 30_000;

/**
 * Makes the files of a new project a repository with one commit. A project that came with a repository keeps it. Never throws: the project works
 * without, and people can initialize one later.
 */
export const createFirstCommit =
  ({
    sandboxOf,
    store,
    log,
  }: {
    sandboxOf(project: ProjectRow): Promise<Sandbox>;
    store: { identityOf(userId: string): Promise<Identity>; setHasRepository(projectId: string): Promise<void> };
    log: Logger;
  }) =>
  async (project: ProjectRow, message: string): Promise<void> => {
    try {
      const [sandbox, identity] = await Promise.all([sandboxOf(project), store.identityOf(project.owner_id)]);
      const repo = openWorkingRepo(sandbox, identity);
      if (await repo.isRepository()) return;
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
