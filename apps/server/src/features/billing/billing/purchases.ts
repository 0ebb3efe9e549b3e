import type { List, PaymentDocuments, Transaction } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { BillingStore } from "./billing.store.ts";
import type { PaymentRow } from "../../../db/schema/billing.ts";
import type { ChangeSubscription } from "./change-subscription.ts";
import { ownSessionOf, type OwnSession } from "./fulfilment.ts";
import type { SoldItemStores } from "./sold-items.ts";
import type { Payments } from "./stripe.ts";
import type { StripeWebhooks } from "./stripe-webhooks.ts";

export interface VerifiedPurchase {
  agent_id: string | null;
  base_id: string | null;
  in_library: boolean;
  checkout_url: string | null;
  session_id: string | null;
}

export type Purchases = ReturnType<typeof createPurchases>;
/** Checkout sessions and transactions of a user. */
export function createPurchases({
  store,
  payments,
  webhooks,
  soldItems,
  requireAllowed,
}: {
  store: BillingStore;
  payments: Pick<Payments, "find">;
  webhooks: Pick<StripeWebhooks, "fulfil">;
  soldItems: SoldItemStores;
  requireAllowed: ChangeSubscription["requireAllowed"];
}) {
  /** One of the caller's checkout sessions; 404 for any other. */
  const sessionOf = async (userId: string, sessionId: string): Promise<OwnSession> => {
    await requireAllowed(userId);
    const session = await payments.find((stripe) => stripe.checkout.sessions.retrieve(sessionId));
    const own = session && ownSessionOf(session);
    if (!own || own.user_id !== userId) throw notFound("Payment");
    return own;
  };

  const ownPayment = async (userId: string, id: string): Promise<PaymentRow> => {
    const row = await store.findOwnPayment(userId, id);
    if (!row) throw notFound("Payment");
    return row;
  };

  return {
    /** Fulfils the session if Stripe reports it as paid. Throws 404 for another user's session. */
    verifyCheckout: async (userId: string, sessionId: string): Promise<{ status: "fulfilled" | "pending" }> => {
      const own = await sessionOf(userId, sessionId);
      if (!own.isPaid) return { status: "pending" };
      await webhooks.fulfil(own);
      return { status: (await store.findSession(own.id))?.status === "fulfilled" ? "fulfilled" : "pending" };
    },
    verifyPurchase: async (userId: string, sessionId: string): Promise<VerifiedPurchase> => {
      const own = await sessionOf(userId, sessionId);
      if (own.kind !== "agent" && own.kind !== "base") throw notFound("Payment");
      const items = soldItems[own.kind];
      const itemId = own.item_id ?? "";
      if (own.isPaid) await webhooks.fulfil(own);
      const held = own.item_id === null ? undefined : await store.transaction(async (tx) => items?.entitlement(tx, userId, itemId));
      return {
        agent_id: own.kind === "agent" ? itemId : null,
        base_id: own.kind === "base" ? itemId : null,
        in_library: held?.is_active === true,
        checkout_url: null,
        session_id: own.id,
      };
    },
    /** Throws 404. */
    transaction: async (userId: string, id: string): Promise<Transaction> => presentTransaction(await ownPayment(userId, id)),
    /** Throws 404, `payments_not_configured`, `stripe_error`. */
    documents: async (userId: string, id: string): Promise<PaymentDocuments> => {
      const { key, stripe_subscription_id } = await ownPayment(userId, id);
      await requireAllowed(userId);
      if (stripe_subscription_id !== null) {
        const invoice = await payments.find((stripe) => stripe.invoices.retrieve(key));
        return {
          receipt_url: null,
          invoice_url: invoice?.hosted_invoice_url ?? null,
          invoice_pdf_url: invoice?.invoice_pdf ?? null,
        };
      }
      const intent = await payments.find((stripe) => stripe.paymentIntents.retrieve(key, { expand: ["latest_charge"] }));
      const charge = typeof intent?.latest_charge === "object" ? intent.latest_charge : null;
      return { receipt_url: charge?.receipt_url ?? null, invoice_url: null, invoice_pdf_url: null };
    },
    transactions: async (userId: string, query: PageQuery): Promise<List<Transaction>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listPayments(userId, page);
      return page.envelope(rows.map(presentTransaction), total);
    },
  };
}

const presentTransaction = (row: PaymentRow): Transaction => ({
  id: row.id,
  kind: row.kind,
  status: row.refunded_cents >= row.amount_cents && row.amount_cents > 0 ? "refunded" : "completed",
  amount_cents: row.amount_cents,
  refunded_cents: row.refunded_cents,
  credits: row.credits,
  item: row.item_name,
  agent_id: row.kind === "agent" ? row.item_id : null,
  tier: row.tier,
  billing_interval: row.billing_interval,
  period_start: row.period_start,
  period_end: row.period_end,
  created_at: row.created_at,
});
