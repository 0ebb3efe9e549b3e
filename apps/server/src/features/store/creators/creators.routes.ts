import { adminPayoutsRoutes, creatorStudioRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { invalid } from "../../../platform/errors.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { Creators } from "./creators.service.ts";
import type { PayoutAdmin } from "./payout-admin.ts";

/** The client's idempotency key. */
function keyOf(header: string | string[] | undefined): string | undefined {
  const key = Array.isArray(header) ? header[0] : header;
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key))
    throw invalid(["header", "idempotency-key"], "Must be 1 to 200 visible ASCII characters");
  return key;
}

export function mountCreators(mount: Mount, { creators, payoutAdmin }: { creators: Creators; payoutAdmin: PayoutAdmin }): void {
  mount("creatorStudio", creatorStudioRoutes, {
    dashboard: ({ user }, { query }) => creators.dashboard(user.id, query),
    payout: ({ user, headers }, { body }) =>
      creators.payout(user.id, { amount: body.amount_cents ?? undefined, key: keyOf(headers["idempotency-key"]) }),
    connect: ({ user }) => creators.connect(user.id),
  });
  mount("adminPayouts", adminPayoutsRoutes, {
    list: (_, { query }) => payoutAdmin.list(query),
    markPaid: (context, { params, body }) => payoutAdmin.markPaid(actorOf(context), params.payout_id, body.reason),
  });
}
