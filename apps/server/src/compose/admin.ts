import { createAdminUsers, createAdminUsersStore, createImpersonation, mountAdmin } from "../features/operations/admin/index.ts";
import { createAudit, createAuditStore, type Audit } from "../features/accounts/audit/index.ts";
import { createAuthCookies } from "../features/accounts/auth/index.ts";
import { mountOutbox } from "../features/operations/outbox/index.ts";
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
  { config, db, mail, log }: Platform,
  audit: Audit,
  { credits }: ModelsArea,
  { users, sessions, auth, apiKeys, recovery, totp }: AccountsArea,
  { lifecycle }: ContainersArea,
  { runs }: ChatArea,
  { deployed }: DeploymentsArea,
): Area {
  const adminUsers = createAdminUsers({
    store: createAdminUsersStore(db),
    audit,
    users,
    sessions,
    apiKeys,
    recovery,
    totp,
    credits,
    mail,
    stopProject: async (projectId) => {
      await runs.stopRunsOf(projectId);
      await lifecycle.stopUnattended(projectId, "admin");
    },
    deployed,
    log,
  });
  const impersonation = createImpersonation({ audit, sessions, auth, log });
  return {
    jobs: adminUsers.jobHandlers,
    mount(mount) {
      mountAdmin(mount, { audit, users: adminUsers, impersonation, cookies: createAuthCookies(config.auth) });
      mountOutbox(mount, { mail, audit });
    },
  };
}
