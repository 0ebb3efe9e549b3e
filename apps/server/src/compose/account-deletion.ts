import {
  createAccountExports,
  createAccountStore,
  createClosedAccounts,
  createDeletion,
  createDeletionProofs,
  createErasure,
  createExportArchives,
  createRestoreLinks,
  exportReadyEmail,
  mountAccount,
} from "../features/operations/account/index.ts";
import { createActivity, createActivityStore, mountActivity } from "../features/projects/activity/index.ts";
import { createNotices, createNoticesStore } from "../features/accounts/notices/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ChatArea } from "./chat.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeploymentsArea } from "./deployments.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SnapshotsArea } from "./snapshots.ts";

/** Account export and deletion, which need every area that stores user data; also the activity log and notice emails. */
export function composeAccountDeletion(
  { config, log, db, box, limits, mail, objects, tasks }: Platform,
  { users, usersStore, sessions, passwords }: AccountsArea,
  { projects }: ProjectsArea,
  { lifecycle }: ContainersArea,
  { provisioning }: ProvisioningArea,
  { snapshotRetention }: SnapshotsArea,
  { attachments }: ChatArea,
  { deployed }: DeploymentsArea,
): Area {
  const { appBaseUrl } = config.http;
  const store = createAccountStore(db);
  const exports = createAccountExports({
    archives: createExportArchives({ objects, store, projects, attachments }),
    store,
    tasks,
    limits,
    notifyReady: (user) => mail.queue(db, exportReadyEmail(user, `${appBaseUrl}/settings/data`)),
  });
  const erasure = createErasure({
    store,
    tasks,
    eraseProject: provisioning.erase,
    files: {
      claimFor: snapshotRetention.claimFor,
      forgetUser: async (userId, formerProjectIds) => {
        await snapshotRetention.forgetUser(userId, formerProjectIds);
        await exports.forgetUser(userId);
      },
    },
    mail,
    log,
  });
  const closedAccounts = createClosedAccounts({
    store,
    tasks,
    stopProject: (projectId) => lifecycle.stopUnattended(projectId, "user"),
    deployed,
    log,
  });
  const deletion = createDeletion({
    store: usersStore,
    sessions,
    proofs: createDeletionProofs({ findByLogin: users.findByLogin, passwords, limits }),
    links: createRestoreLinks({ box, appBaseUrl }),
    mail,
    log,
  });
  const activity = createActivity({
    store: createActivityStore(db),
    projects,
    nameOf: async (userId) => (await users.find(userId))?.name,
  });
  const notices = createNotices({ store: createNoticesStore(db), mail, appBaseUrl });
  return {
    jobs: { ...notices.jobHandlers, ...exports.jobHandlers, ...erasure.jobHandlers, ...closedAccounts.jobHandlers },
    cron: { prune_exports: "29 * * * *", erase_accounts: "7 * * * *", mail_notices: "* * * * *" },
    mount(mount) {
      mountActivity(mount, { activity });
      mountAccount(mount, { deletion, exports });
    },
  };
}
