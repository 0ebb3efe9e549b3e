import type { AdminPayout, List } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { CreatorsStore, PaidOut } from "./creators.store.ts";
import { wireOf } from "./creators.service.ts";
import type { PayoutState } from "../../../db/schema/store.ts";
import { postPayout } from "./sales.ts";

/** Where administrators see what creators wait for, and say what they have sent by hand (marketplace-billing-admin 9.4). */
export type PayoutDesk = ReturnType<typeof createPayoutDesk>;
export function createPayoutDesk({ store, audit }: { store: CreatorsStore; audit: Audit }) {
  return {
    list: async ({ status, ...query }: PageQuery & { status?: PayoutState }): Promise<List<AdminPayout>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listAllPayouts(status, page);
      return page.envelope(rows.map(payoutOf), total);
    },
    /**
     * Once: what is paid, on its way at the payment service, or given back is refused with `payout_settled`, and what goes to
     * somebody suspended with `conflict`. Throws 404.
     */
    markPaid: (actor: Actor, id: string, reason: string): Promise<AdminPayout> =>
      audit.change(actor, async ({ tx, record }) => {
        const found = await store.lockPayout(tx, id);
        if (!found) throw notFound("Payout");
        const { payout, creator } = found;
        if (payout.status !== "pending") throw conflict("payout_settled", "This payout does not wait to be sent by hand.");
        if (found.isSuspended) throw conflict("conflict", "Its creator is suspended. Nothing is paid to them until they are back.");
        const settled = await store.settlePayout(tx, id);
        await postPayout(tx, `payout:${id}`, payout.creator_id, payout.amount_cents, "by_hand");
        await record({
          action: "payout.paid",
          target: { type: "user", id: creator?.id ?? null, name: creator?.username ?? null },
          reason,
          details: { payout_id: id, amount_cents: payout.amount_cents, transactions_count: payout.transactions_count },
        });
        return payoutOf({ ...found, payout: settled ?? payout });
      }),
  };
}

const payoutOf = ({ payout, creator }: PaidOut): AdminPayout => ({ ...wireOf(payout), creator });
