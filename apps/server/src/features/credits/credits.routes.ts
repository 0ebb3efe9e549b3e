import { billingRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { Credits } from "./credits.service.ts";

/** marketplace-billing-admin 5.7 and 5.9. */
export function mountCredits(mount: Mount, { credits }: { credits: Credits }): void {
  mount("billing", billingRoutes, {
    credits: ({ user }) => credits.balance(user.id),
    usage: ({ user }, { query }) => credits.usage(user.id, query),
  });
}
