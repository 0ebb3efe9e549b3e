import { eq, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { setProjectFacts } from "../../projects/projects/index.ts";
import { moveContainersToRoot } from "../../runtime/containers/index.ts";
import { users } from "../../../db/schema/accounts.ts";
import { gitRepositories, type GitRepositoryRow } from "../../../db/schema/source.ts";
import { isNameForGit, type Identity } from "./identity.ts";
import { ownerAndName } from "./repository-url.ts";

export type GitStore = ReturnType<typeof createGitStore>;
export function createGitStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** The committer's name and email. */
    identityOf: async (userId: string): Promise<Identity> => {
      const [user] = await db
        .select({ name: users.name, username: users.username, email: users.email })
        .from(users)
        .where(eq(users.id, userId));
      return { name: [user?.name.trim(), user?.username].find(isNameForGit) ?? "Unknown user", email: user?.email ?? "" };
    },
    /** Containers whose folders no longer exist run at the root. */
    resetDirectories: async (q: Queries, projectId: string): Promise<void> => {
      await moveContainersToRoot(q, projectId);
    },
    find: async (projectId: string): Promise<GitRepositoryRow | undefined> =>
      (await db.select().from(gitRepositories).where(eq(gitRepositories.project_id, projectId)))[0],
    /** Links the project to a remote repository; keeps stored facts when the URL is the same. */
    link: async (q: Queries, projectId: string, url: string, branch?: string): Promise<GitRepositoryRow> => {
      const { owner, name } = ownerAndName(url);
      const facts = { repo_url: url, repo_owner: owner, repo_name: name, ...(branch !== undefined && { default_branch: branch }) };
      const [row] = await q
        .insert(gitRepositories)
        .values({ project_id: projectId, ...facts })
        .onConflictDoUpdate({ target: gitRepositories.project_id, set: { ...facts, updated_at: sql`now()` } })
        .returning();
      await setProjectFacts(q, projectId, { has_git_repo: true, git_remote_url: url });
      return row as GitRepositoryRow;
    },
    unlink: async (projectId: string): Promise<void> =>
      db.transaction(async (tx) => {
        await tx.delete(gitRepositories).where(eq(gitRepositories.project_id, projectId));
        await setProjectFacts(tx, projectId, { git_remote_url: null });
      }),
    setHasRepository: async (projectId: string): Promise<void> => {
      await setProjectFacts(db, projectId, { has_git_repo: true });
    },
    update: async (
      projectId: string,
      values: Partial<Pick<GitRepositoryRow, "auto_push" | "sync_status" | "last_commit_sha" | "default_branch">> & { isSynced?: boolean },
    ): Promise<GitRepositoryRow | undefined> => {
      const { isSynced, ...rest } = values;
      const [row] = await db
        .update(gitRepositories)
        .set({ ...rest, ...(isSynced && { last_sync_at: sql`now()` }), updated_at: sql`now()` })
        .where(eq(gitRepositories.project_id, projectId))
        .returning();
      return row;
    },
  };
}
