import { Readable } from "node:stream";
import { adminRevenueRoutes, type RevenueMonth, type RevenuePayment } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { csvOf } from "../../../platform/csv.ts";
import type { RevenueBooks } from "./revenue.service.ts";

const monthColumns = [
  "month",
  "plans_cents",
  "credits_cents",
  "deploy_slots_cents",
  "agents_cents",
  "bases_cents",
  "gross_cents",
  "refunds_cents",
  "creator_shares_cents",
  "fees_cents",
  "net_cents",
  "payouts_cents",
  "payments",
  "fees_missing",
] as const satisfies (keyof RevenueMonth)[];
const paymentColumns = [
  "id",
  "created_at",
  "kind",
  "item",
  "tier",
  "billing_interval",
  "user_id",
  "user_email",
  "amount_cents",
  "refunded_cents",
  "creator_share_cents",
  "fee_cents",
  "stripe_id",
] as const satisfies (keyof RevenuePayment)[];

/** Revenue for administrators. */
export function mountRevenue(mount: Mount, { revenue }: { revenue: RevenueBooks }): void {
  mount("adminRevenue", adminRevenueRoutes, {
    get: (_, { query }) => revenue.revenue(query),
    payments: (_, { query }) => revenue.payments(query),
    export: async ({ setHeader }, { query: { of = "months", ...query } }, { request, reply }) => {
      const months = of === "months" ? (await revenue.revenue(query)).months : [];
      setHeader("content-disposition", attachment(of === "months" ? "revenue.csv" : "payments.csv"));
      setHeader("cache-control", "no-store");
      const rows =
        request.method === "HEAD"
          ? Readable.from([])
          : of === "months"
            ? csvOf(monthColumns, pageOf(months))
            : csvOf(paymentColumns, revenue.paymentPages(query));
      return reply.type("text/csv; charset=utf-8").send(rows);
    },
  });
}

async function* pageOf<Row>(rows: Row[]): AsyncGenerator<Row[]> {
  yield rows;
}
