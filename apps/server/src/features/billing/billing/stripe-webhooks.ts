import type { Stripe } from "stripe";
import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { BillingStore, Returned } from "./billing.store.ts";
import { ownSessionOf, type Fulfilment, type OwnSession, type PaidInvoice } from "./fulfilment.ts";
import { ownershipOf } from "./metadata.ts";
import type { Plans, ToldSubscription } from "./subscriptions.ts";
import { idOf, type Payments } from "./stripe.ts";

/** What an event comes to, once everything that has to be asked was asked. */
type Effect = (tx: Queries) => Promise<unknown>;
const nothing: Effect = async () => undefined;

/** The events that lead to something; the reconciliation asks for these. */
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

/** A payment for it is due, and the bank refused it. */
const unpaidStates: ReadonlySet<string> = new Set(["past_due", "unpaid", "incomplete"]);

export type Webhooks = ReturnType<typeof createWebhooks>;
/**
 * What Stripe tells (marketplace-billing-admin 5.10), in any API version. An event is a hint that something changed: fields that are the same in all
 * versions and never change are read from it, everything else is fetched from Stripe. Its id and its effects are written in one transaction, so that it is either worked off or comes again.
 */
export function createWebhooks({
  store,
  payments,
  plans,
  fulfilment,
  onPaymentFailed,
  log,
}: {
  store: BillingStore;
  payments: Payments;
  plans: Pick<Plans, "ask" | "apply">;
  fulfilment: Fulfilment;
  /** In the transaction that notes it. */
  onPaymentFailed: (tx: Queries, userId: string) => Promise<void>;
  log: Logger;
}) {
  /** Stripe never deletes these, so the key reads another account or mode than the endpoint. Refused: Stripe retries for three days. */
  const unknown = (what: string, id: string): AppError => {
    const message = `Stripe has no ${what} ${id}. STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must belong to the same account and mode.`;
    log.error({ [`${what}_id`]: id }, message);
    return new AppError("stripe_error", message);
  };
  const subscriptionById = async (id: string): Promise<ToldSubscription> => {
    const subscription = await plans.ask(id);
    if (!subscription) throw unknown("subscription", id);
    return subscription;
  };
  /** The object in an event has the shape of the endpoint's API version; a fetched one has the shape of the version that this server speaks. */
  const invoiceById = async (id: string): Promise<Stripe.Invoice> => {
    const invoice = await payments.find((stripe) => stripe.invoices.retrieve(id));
    if (!invoice) throw unknown("invoice", id);
    return invoice;
  };
  /** Answered with 200, because no retry would change it. */
  const ignored = (event: Stripe.Event, reason: string): Effect => {
    log.info({ event_id: event.id, type: event.type, reason }, "event of stripe ignored");
    return nothing;
  };

  const sessionEffect = async (session: OwnSession): Promise<Effect> => {
    if (!session.isPaid) return nothing;
    const subscription = session.subscription_id === null ? undefined : await plans.ask(session.subscription_id);
    return (tx) => fulfilment.session(tx, session, subscription);
  };
  const subscriptionEffect = async (id: string): Promise<Effect> => {
    const subscription = await plans.ask(id);
    return subscription ? (tx) => plans.apply(tx, subscription) : nothing;
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
    (subscription: ToldSubscription): Effect =>
    async (tx) => {
      const userId = await plans.apply(tx, subscription);
      // What was paid after all by the time that we hear of it worries nobody.
      if (userId !== undefined && unpaidStates.has(subscription.subscription.status)) await onPaymentFailed(tx, userId);
    };
  /** Payments of subscriptions are known by their invoice. */
  const keyOf = async (paymentIntent: string): Promise<string> => {
    if (await store.findPayment(paymentIntent)) return paymentIntent;
    const found = await payments.find((stripe) =>
      stripe.invoicePayments.list({ payment: { type: "payment_intent", payment_intent: paymentIntent }, limit: 1 }),
    );
    return idOf(found?.data[0]?.invoice) ?? paymentIntent;
  };
  const refundEffect = async (paymentIntent: string | undefined, cents: Partial<Returned>): Promise<Effect> => {
    if (paymentIntent === undefined) return nothing;
    const key = await keyOf(paymentIntent);
    return (tx) => fulfilment.refund(tx, key, { refunded: 0, disputed: 0, won: 0, ...cents });
  };

  const effectOf = (event: Stripe.Event): Effect | Promise<Effect> => {
    // It happened in a creator's own account: what is written there is not ours, whatever it says.
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
        return subscriptionById(event.data.object.id).then((subscription) => (tx) => plans.apply(tx, subscription));
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
        // An inquiry that comes to nothing took no money, but was told like a dispute.
        return status === "won" || status === "warning_closed"
          ? refundEffect(idOf(payment_intent), { disputed: amount, won: amount })
          : nothing;
      }
      default:
        return ignored(event, "no handler for this type");
    }
  };

  /** Works an event off, once. Throws what went wrong: it should come again. */
  const work = async (event: Stripe.Event): Promise<void> => {
    if ((await store.unknownEvents([event.id])).size === 0) return;
    const effect = await effectOf(event);
    await store.transaction(async (tx) => {
      if (await store.noteEvent(tx, event.id, event.type)) await effect(tx);
    });
    log.info({ event_id: event.id, type: event.type }, "event of stripe");
  };

  return {
    work,
    /** Throws `payments_not_configured`. */
    requireConfigured: (): void => void payments.require(),
    /** Throws `invalid_signature`, `payments_not_configured`, and whatever keeps the event from being worked off. */
    receive: async (body: Buffer, signature: string): Promise<void> => work(await payments.read(body, signature)),
    /** Gives what the session is for, if it is paid. */
    fulfil: async (session: OwnSession): Promise<void> => {
      const effect = await sessionEffect(session);
      await store.transaction(effect);
    },
    /** Asks what became of a subscription and applies it. */
    follow: async (subscriptionId: string): Promise<void> => {
      const effect = await subscriptionEffect(subscriptionId);
      await store.transaction(effect);
    },
  };
}

/** Undefined: not of a subscription of ours, or of nobody's. */
function paidInvoiceOf(invoice: Stripe.Invoice, subscription: Stripe.Subscription): PaidInvoice | undefined {
  const own = ownershipOf(subscription.metadata);
  if (!own || !invoice.id) return undefined;
  return {
    ...own,
    id: invoice.id,
    amount_cents: invoice.amount_paid,
    subscription_id: subscription.id,
    isRenewal: invoice.billing_reason === "subscription_cycle",
  };
}
