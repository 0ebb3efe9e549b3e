import { join } from "node:path";
import {
  createAccountStore,
  createDeletion,
  createErasure,
  createAccountExports,
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
  { config, log, db, box, dataDir, limits, mail, tasks }: Platform,
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
    db,
    dir: join(dataDir, "exports"),
    store,
    tasks,
    projects,
    attachments,
    limits,
    mail,
    appBaseUrl,
  });
  const erasure = createErasure({
    store,
    tasks,
    projects: { erase: provisioning.erase, stopUnattended: lifecycle.stopUnattended },
    deployed,
    snapshots: snapshotRetention,
    exports,
    mail,
    log,
  });
  const deletion = createDeletion({
    store: usersStore,
    findByLogin: users.findByLogin,
    sessions,
    passwords,
    mail,
    limits,
    box,
    appBaseUrl,
    log,
  });
  const activity = createActivity({
    store: createActivityStore(db),
    projects,
    nameOf: async (userId) => (await users.find(userId))?.name,
  });
  const notices = createNotices({ store: createNoticesStore(db), mail, appBaseUrl });
  return {
    jobs: { ...notices.jobHandlers, ...exports.jobHandlers, ...erasure.jobHandlers },
    cron: { prune_exports: "29 * * * *", erase_accounts: "7 * * * *", mail_notices: "* * * * *" },
    mount(mount) {
      mountActivity(mount, { activity });
      mountAccount(mount, { deletion, exports });
    },
  };
}
