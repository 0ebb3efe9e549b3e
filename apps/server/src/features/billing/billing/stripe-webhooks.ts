import type { Stripe } from "stripe";
import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { BillingStore, RefundTotals } from "./billing.store.ts";
import { ownSessionOf, type Fulfilment, type OwnSession, type PaidInvoice } from "./fulfilment.ts";
import { ownershipOf } from "./metadata.ts";
import type { Subscriptions, FetchedSubscription } from "./subscriptions.ts";
import { idOf, isoOf, type Payments } from "./stripe.ts";

/** The database changes of an event, after everything was fetched from Stripe. */
type Effect = (tx: Queries) => Promise<unknown>;
const nothing: Effect = async () => undefined;

/** The handled event types; the reconciliation lists the same ones. */
export const eventTypes = [
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "invoice.payment_succeeded",
  "invoice.payment_failed",
  "charge.refunded",
  "charge.dispute.created",
  "charge.dispute.closed",
] as const;

/** Subscription states after a declined payment. */
const unpaidStates: ReadonlySet<string> = new Set(["past_due", "unpaid", "incomplete"]);

export type StripeWebhooks = ReturnType<typeof createStripeWebhooks>;
/**
 * Processes Stripe webhooks of any API version. An event is a hint that something changed: only fields that never change between versions are read
 * from it, everything else is fetched. The event id and its effects are written in one transaction, so that an event is either processed or retried.
 */
export function createStripeWebhooks({
  store,
  payments,
  subscriptions,
  fulfilment,
  onPaymentFailed,
  log,
}: {
  store: BillingStore;
  payments: Payments;
  subscriptions: Pick<Subscriptions, "retrieve" | "apply">;
  fulfilment: Fulfilment;
  /** Runs in the transaction that processes the event. */
  onPaymentFailed: (tx: Queries, userId: string) => Promise<void>;
  log: Logger;
}) {
  /** Stripe never deletes these objects, so key and endpoint belong to different accounts or modes. An error makes Stripe retry for three days. */
  const unknown = (what: string, id: string): AppError => {
    const message = `Stripe has no ${what} ${id}. STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must belong to the same account and mode.`;
    log.error({ [`${what}_id`]: id }, message);
    return new AppError("stripe_error", message);
  };
  const subscriptionById = async (id: string): Promise<FetchedSubscription> => {
    const subscription = await subscriptions.retrieve(id);
    if (!subscription) throw unknown("subscription", id);
    return subscription;
  };
  /** Fetched, because the object in an event has the shape of the endpoint's API version instead of the SDK's. */
  const invoiceById = async (id: string): Promise<Stripe.Invoice> => {
    const invoice = await payments.find((stripe) => stripe.invoices.retrieve(id));
    if (!invoice) throw unknown("invoice", id);
    return invoice;
  };
  /** Answered with 200, because a retry would not change anything. */
  const ignored = (event: Stripe.Event, reason: string): Effect => {
    log.info({ event_id: event.id, type: event.type, reason }, "stripe event ignored");
    return nothing;
  };

  const sessionEffect = async (session: OwnSession): Promise<Effect> => {
    if (!session.isPaid) return nothing;
    const subscription = session.subscription_id === null ? undefined : await subscriptions.retrieve(session.subscription_id);
    return (tx) => fulfilment.session(tx, session, subscription);
  };
  const subscriptionEffect = async (id: string): Promise<Effect> => {
    const subscription = await subscriptions.retrieve(id);
    return subscription ? (tx) => subscriptions.apply(tx, subscription) : nothing;
  };
  const invoiceEffect = async (event: Stripe.InvoicePaymentSucceededEvent | Stripe.InvoicePaymentFailedEvent): Promise<Effect> => {
    const { id } = event.data.object;
    if (!id) return ignored(event, "the invoice has no id: it is a preview");
    const invoice = await invoiceById(id);
    const subscriptionId = idOf(invoice.parent?.subscription_details?.subscription);
    if (!subscriptionId) return ignored(event, "the invoice belongs to no subscription");
    const subscription = await subscriptionById(subscriptionId);
    if (event.type === "invoice.payment_failed") return failureEffect(subscription);
    const paid = paidInvoiceOf(invoice, subscription.subscription);
    return paid ? (tx) => fulfilment.invoice(tx, paid, subscription) : ignored(event, "the subscription was not sold by this server");
  };
  const failureEffect =
    (subscription: FetchedSubscription): Effect =>
    async (tx) => {
      const userId = await subscriptions.apply(tx, subscription);
      // No notification if the invoice has been paid since.
      if (userId !== undefined && unpaidStates.has(subscription.subscription.status)) await onPaymentFailed(tx, userId);
    };
  /** Payments of subscriptions are stored by invoice id. */
  const keyOf = async (paymentIntent: string): Promise<string> => {
    if (await store.findPayment(paymentIntent)) return paymentIntent;
    const found = await payments.find((stripe) =>
      stripe.invoicePayments.list({ payment: { type: "payment_intent", payment_intent: paymentIntent }, limit: 1 }),
    );
    return idOf(found?.data[0]?.invoice) ?? paymentIntent;
  };
  const refundEffect = async (paymentIntent: string | undefined, cents: Partial<RefundTotals>): Promise<Effect> => {
    if (paymentIntent === undefined) return nothing;
    const key = await keyOf(paymentIntent);
    return (tx) => fulfilment.refund(tx, key, { refunded: 0, disputed: 0, won: 0, ...cents });
  };

  const effectOf = (event: Stripe.Event): Effect | Promise<Effect> => {
    // Events of connected accounts are about the creators' own business.
    if (event.account) return ignored(event, "it happened in a connected account");
    switch (event.type) {
      case "checkout.session.completed":
      case "checkout.session.async_payment_succeeded": {
        const session = ownSessionOf(event.data.object);
        return session ? sessionEffect(session) : ignored(event, "the checkout session was not made by this server");
      }
      case "customer.subscription.created":
      case "customer.subscription.updated":
      case "customer.subscription.deleted":
      case "customer.subscription.paused":
      case "customer.subscription.resumed":
        return subscriptionById(event.data.object.id).then((subscription) => (tx) => subscriptions.apply(tx, subscription));
      case "invoice.payment_succeeded":
      case "invoice.payment_failed":
        return invoiceEffect(event);
      case "charge.refunded": {
        const { payment_intent, amount_refunded } = event.data.object;
        return refundEffect(idOf(payment_intent), { refunded: amount_refunded });
      }
      case "charge.dispute.created": {
        const { payment_intent, amount } = event.data.object;
        return refundEffect(idOf(payment_intent), { disputed: amount });
      }
      case "charge.dispute.closed": {
        const { payment_intent, amount, status } = event.data.object;
        // A closed inquiry moved no money, but was reported like a dispute.
        return status === "won" || status === "warning_closed"
          ? refundEffect(idOf(payment_intent), { disputed: amount, won: amount })
          : nothing;
      }
      default:
        return ignored(event, "no handler for this type");
    }
  };

  /** Processes an event once. Throws to make Stripe retry. */
  const process = async (event: Stripe.Event): Promise<void> => {
    if ((await store.unknownEvents([event.id])).size === 0) return;
    const effect = await effectOf(event);
    await store.transaction(async (tx) => {
      if (await store.recordEvent(tx, event.id, event.type)) await effect(tx);
    });
    log.info({ event_id: event.id, type: event.type }, "stripe event processed");
  };

  return {
    process,
    /** Throws `payments_not_configured`. */
    requireConfigured: (): void => void payments.require(),
    /** Throws `invalid_signature`, `payments_not_configured`, and any error of the processing. */
    receive: async (body: Buffer, signature: string): Promise<void> => process(await payments.read(body, signature)),
    /** Fulfils the session if it is paid. */
    fulfil: async (session: OwnSession): Promise<void> => {
      const effect = await sessionEffect(session);
      await store.transaction(effect);
    },
    /** Fetches a subscription and applies its state. */
    syncSubscription: async (subscriptionId: string): Promise<void> => {
      const effect = await subscriptionEffect(subscriptionId);
      await store.transaction(effect);
    },
  };
}

/** The period of an invoice's last line: of a change of plan, the first lines credit what was paid before. */
function periodOf(invoice: Stripe.Invoice): PaidInvoice["period"] {
  const { start, end } = invoice.lines.data.at(-1)?.period ?? {};
  const period = { start: isoOf(start), end: isoOf(end) };
  return period.start !== null && period.end !== null ? { start: period.start, end: period.end } : undefined;
}

/** Undefined when this server did not create the subscription. */
function paidInvoiceOf(invoice: Stripe.Invoice, subscription: Stripe.Subscription): PaidInvoice | undefined {
  const own = ownershipOf(subscription.metadata);
  if (!own || !invoice.id) return undefined;
  return {
    ...own,
    id: invoice.id,
    amount_cents: invoice.amount_paid,
    subscription_id: subscription.id,
    isRenewal: invoice.billing_reason === "subscription_cycle",
    period: periodOf(invoice),
  };
}
