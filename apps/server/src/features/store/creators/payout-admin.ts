import type { AdminPayout, List } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { CreatorsStore, PaidOut } from "./creators.store.ts";
import { presentPayout } from "./creators.service.ts";
import type { PayoutState } from "../../../db/schema/store.ts";
import { postPayout } from "./sales.ts";

/** Lets administrators list pending payouts and mark them as paid manually. */
export type PayoutAdmin = ReturnType<typeof createPayoutAdmin>;
export function createPayoutAdmin({ store, audit }: { store: CreatorsStore; audit: Audit }) {
  return {
    list: async ({ status, ...query }: PageQuery & { status?: PayoutState }): Promise<List<AdminPayout>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listAllPayouts(status, page);
      return page.envelope(rows.map(presentAdminPayout), total);
    },
    /**
     * Marks a pending payout as paid. Throws 404, `payout_settled` for one that is paid, in transit or canceled, and `conflict` for a
     * suspended creator.
     */
    markPaid: (actor: Actor, id: string, reason: string): Promise<AdminPayout> =>
      audit.change(actor, async ({ tx, record }) => {
        const found = await store.lockPayout(tx, id);
        if (!found) throw notFound("Payout");
        const { payout, creator } = found;
        if (payout.status !== "pending") throw conflict("payout_settled", "This payout is not pending, so it cannot be marked as paid.");
        if (found.isSuspended) throw conflict("conflict", "The creator is suspended. Lift the suspension before paying them out.");
        const settled = await store.settlePayout(tx, id);
        await postPayout(tx, `payout:${id}`, payout.creator_id, payout.amount_cents, "by_hand");
        await record({
          action: "payout.paid",
          target: { type: "user", id: creator?.id ?? null, name: creator?.username ?? null },
          reason,
          details: { payout_id: id, amount_cents: payout.amount_cents, transactions_count: payout.transactions_count },
        });
        return presentAdminPayout({ ...found, payout: settled ?? payout });
      }),
  };
}

const presentAdminPayout = ({ payout, creator }: PaidOut): AdminPayout => ({ ...presentPayout(payout), creator });
