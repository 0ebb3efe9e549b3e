import { canSignIn, type Users } from "../../accounts/users/index.ts";
import type { AdminUsersStore } from "./users.store.ts";

/** Job that stops everything of a suspended user, or restarts their deployments once they are active again. */
export const releaseJob = "release_user";

/** Its handler. */
export const createUserRelease = ({
  store,
  users,
  stopProject,
  deployed,
}: {
  store: Pick<AdminUsersStore, "busyProjects">;
  users: Pick<Users, "find">;
  /** Stops the agent runs and the containers of a project. */
  stopProject: (projectId: string) => Promise<void>;
  /** Stops and restarts the deployments of a user on this server. */
  deployed: { suspend(userId: string): Promise<void>; resume(userId: string): Promise<void> };
}) => ({
  jobHandlers: {
    /** Retried until everything is stopped; restarts deployments when the user is active again. */
    [releaseJob]: async (payload: unknown) => {
      const { user_id } = payload as { user_id: string };
      const user = await users.find(user_id);
      if (!user) return;
      if (canSignIn(user)) return deployed.resume(user_id);
      await deployed.suspend(user_id);
      for (const projectId of await store.busyProjects(user_id)) await stopProject(projectId);
    },
  },
});
