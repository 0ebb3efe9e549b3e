import {
  createAdminUserCredentials,
  createAdminUserDeletion,
  createAdminUserReads,
  createAdminTrends,
  createAdminUsersStore,
  createBulkSuspension,
  createAdminUserUpdates,
  createChangeUser,
  createImpersonation,
  createTrendsStore,
  createUserRelease,
  createUserStates,
  mountAdmin,
  type AdminUsers,
} from "../features/operations/admin/index.ts";
import { createAudit, createAuditStore, type Audit } from "../features/accounts/audit/index.ts";
import { createAuthCookies } from "../features/accounts/auth/index.ts";
import { createBackupPauses, createScheduledBackups } from "../features/operations/backup/index.ts";
import { mountPreparation } from "../features/operations/preparation/index.ts";
import { mountOutbox } from "../features/operations/outbox/index.ts";
import { readHostLoad } from "../platform/host-load.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ChatArea } from "./chat.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeploymentsArea } from "./deployments.ts";
import type { ModelsArea } from "./models.ts";
import type { Platform } from "./platform.ts";

/** The audit log; constructed first, because every area writes to it. */
export const composeAudit = ({ db, limits }: Platform): Audit => createAudit({ store: createAuditStore(db), limits });

/** Administration of users, agents, tasks and the outbox. */
export function composeAdmin(
  { config, db, dataDir, bus, runtime, mail, preparation, log, onClose }: Platform,
  audit: Audit,
  { credits }: ModelsArea,
  { users, sessions, auth, apiKeys, recovery, totp }: AccountsArea,
  { lifecycle }: ContainersArea,
  { runs }: ChatArea,
  { deployed }: DeploymentsArea,
  { backupProgram }: { backupProgram: string | undefined },
): Area {
  const store = createAdminUsersStore(db);
  const changeUser = createChangeUser({ store, audit, sessions, log });
  const reads = createAdminUserReads({ store, sessions });
  const states = createUserStates({ store, sessions });
  const adminUsers: AdminUsers = {
    ...reads,
    ...createAdminUserUpdates({ changeUser, store, users, states, credits, mail }),
    ...createAdminUserCredentials({
      changeUser,
      store,
      sessions,
      apiKeys,
      totp,
      recovery: { force: recovery.force, isMailed: mail.isOn },
    }),
    suspend: createBulkSuspension({ audit, states, sessions, mail }),
    ...createAdminUserDeletion({ changeUser, reads, store, sessions, mail }),
  };
  const release = createUserRelease({
    store,
    users,
    stopProject: async (projectId) => {
      await runs.stopRunsOf(projectId);
      await lifecycle.stopUnattended(projectId, "admin");
    },
    deployed,
  });
  const { jobHandlers } = createAdminTrends({ store: createTrendsStore(db), hostLoad: () => readHostLoad(dataDir) });
  const backupPauses = createBackupPauses({ bus, runtime, log });
  onClose(backupPauses.close);
  const scheduledBackups = createScheduledBackups({ program: backupProgram, log });
  onClose(scheduledBackups.close);
  const impersonation = createImpersonation({ audit, sessions, auth, log });
  return {
    jobs: { ...release.jobHandlers, ...jobHandlers, ...scheduledBackups.jobHandlers },
    cron: { measure_server: "11 * * * *", ...(config.backups.target !== undefined && { back_up: config.backups.schedule }) },
    mount(mount) {
      mountAdmin(mount, { audit, users: adminUsers, impersonation, cookies: createAuthCookies(config.auth) });
      mountOutbox(mount, { mail, audit });
      mountPreparation(mount, { preparation, audit });
    },
  };
}
