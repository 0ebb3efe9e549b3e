import { adminPayoutsRoutes, creatorStudioRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { invalid } from "../../../platform/errors.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { Creators } from "./creators.service.ts";
import type { PayoutDesk } from "./payout-admin.ts";

/** One word of a client, so that asking again is no second request. */
function keyOf(header: string | string[] | undefined): string | undefined {
  const key = Array.isArray(header) ? header[0] : header;
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key)) throw invalid(["header", "idempotency-key"], "1 to 200 visible characters");
  return key;
}

/** marketplace-billing-admin 9.3 and 9.4. */
export function mountCreators(mount: Mount, { creators, payoutDesk }: { creators: Creators; payoutDesk: PayoutDesk }): void {
  mount("creatorStudio", creatorStudioRoutes, {
    dashboard: ({ user }, { query }) => creators.dashboard(user.id, query),
    payout: ({ user, headers }, { body }) =>
      creators.payout(user.id, { amount: body.amount_cents ?? undefined, key: keyOf(headers["idempotency-key"]) }),
    connect: ({ user }) => creators.connect(user.id),
  });
  mount("adminPayouts", adminPayoutsRoutes, {
    list: (_, { query }) => payoutDesk.list(query),
    markPaid: (context, { params, body }) => payoutDesk.markPaid(actorOf(context), params.payout_id, body.reason),
  });
}
