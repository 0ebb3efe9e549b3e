import { adminAuditRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { Audit } from "./audit.ts";

/** marketplace-billing-admin 6 and 13. */
export function mountAdmin(mount: Mount, { audit }: { audit: Audit }): void {
  mount("adminAudit", adminAuditRoutes, {
    list: (_, { query }) => audit.list(query),
  });
}
