import type { BulkSuspension } from "./bulk-suspension.ts";
import type { AdminUserCredentials } from "./user-credentials.ts";
import type { AdminUserDeletion } from "./user-deletion.ts";
import type { AdminUserUpdates } from "./user-updates.ts";
import type { AdminUserReads } from "./users.read.ts";

/** Administration of all accounts. */
export interface AdminUsers extends AdminUserReads, AdminUserUpdates, AdminUserCredentials, AdminUserDeletion {
  suspend: BulkSuspension;
}
