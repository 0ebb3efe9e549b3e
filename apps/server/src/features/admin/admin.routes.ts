import { adminAuditRoutes, adminUsersRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import { actorOf, type Audit } from "./audit.ts";
import type { AdminUsers } from "./users.service.ts";

/** marketplace-billing-admin 6.2 to 6.4 and 13. */
export function mountAdmin(mount: Mount, { audit, users }: { audit: Audit; users: AdminUsers }): void {
  mount("adminAudit", adminAuditRoutes, {
    list: (_, { query }) => audit.list(query),
  });
  mount("adminUsers", adminUsersRoutes, {
    list: (_, { query }) => users.list(query),
    get: (_, { params }) => users.get(params.id),
    update: (context, { params, body }) => users.update(actorOf(context), params.id, body),
    sessions: (_, { params, query }) => users.sessions(params.id, query),
    endSessions: (context, { params, body }) => users.endSessions(actorOf(context), params.id, body.reason, body.api_keys ?? false),
    resetSecondFactor: (context, { params, body }) => users.resetSecondFactor(actorOf(context), params.id, body.reason),
    resetPassword: (context, { params, body }) => users.resetPassword(actorOf(context), params.id, body.reason),
  });
}
