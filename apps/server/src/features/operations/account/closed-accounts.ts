import type { Logger } from "../../../platform/logger.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { AccountStore } from "./account.store.ts";
import { cancelWork } from "./cancel-work.ts";
import { erasureType } from "./erasure.ts";

/** Job of an account that was closed, or whose deletion was cancelled. */
export const createClosedAccounts = ({
  store,
  tasks,
  stopProject,
  deployed,
  log,
}: {
  store: AccountStore;
  tasks: Tasks;
  /** Stops what runs in a project. */
  stopProject(projectId: string): Promise<void>;
  /** Deployments of a user on this server. */
  deployed: { suspend(userId: string): Promise<void>; resume(userId: string): Promise<void> };
  log: Logger;
}) => ({
  jobHandlers: {
    /** Stops everything of a closed account; restarts its deployments if the deletion was cancelled. */
    stop_account_work: async (payload: unknown) => {
      const { user_id } = payload as { user_id: string };
      const user = await store.find(user_id);
      if (!user) return;
      if (!user.is_deleted) return deployed.resume(user_id);
      await cancelWork({ store, tasks }, user_id, ({ type: kind }) => kind === "project_deletion" || kind === erasureType);
      await deployed.suspend(user_id);
      for (const { id } of await store.projectsOf(user_id))
        await stopProject(id).catch((err: unknown) => log.warn({ err, project_id: id }, "project of closed account not stopped"));
    },
  },
});
