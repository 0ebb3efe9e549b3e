import type { Stripe } from "stripe";
import type { BillingInterval, Checkout } from "@tesslate/contract";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { BillingStore, Buyer, Order } from "./billing.store.ts";
import { tierOrder, type CreditPackages, type PaidTier } from "./tiers.ts";
import type { Shelves, SoldItem } from "./sold-items.ts";
import { isLostCustomer, isoOf, type Payments } from "./stripe.ts";

/** Stripe takes pages for at most a day, and its clock is not ours. */
const lifetimeMs = 23 * 3_600_000;

type Params = Stripe.Checkout.SessionCreateParams;
export interface Answer {
  success_url: string;
  cancel_url: string;
}

export type Checkouts = ReturnType<typeof createCheckouts>;
/**
 * Pages on which to pay (marketplace-billing-admin 5.5, 5.8, 2.6). Somebody has one open page per thing at a time, however often they ask: two clicks
 * are not two payments. Nothing changes here until the payment is fulfilled. All throw `payments_not_configured`, `stripe_error`, `rate_limited`.
 */
export function createCheckouts({
  store,
  payments,
  limits,
  shelves,
  appBaseUrl,
  packages,
  deploySlotCents,
}: {
  store: BillingStore;
  payments: Payments;
  limits: RateLimiter;
  shelves: Shelves;
  appBaseUrl: string;
  packages: CreditPackages;
  deploySlotCents: number;
}) {
  const limit = (userId: string) => limits.count({ key: `checkout:${userId}`, max: 10, windowSeconds: 60 });
  const buyerOf = async (userId: string): Promise<Buyer> => {
    const buyer = await store.findBuyer(userId);
    if (!buyer) throw notFound("User");
    return buyer;
  };
  /** One for all who ask at once, the first one or in the place of one that was deleted at Stripe. */
  const newCustomer = async (buyer: Buyer, former: string | null): Promise<string> => {
    const customer = await payments.once(`customer:${former ?? buyer.id}`, (stripe, options) =>
      stripe.customers.create({ email: buyer.email, name: buyer.name, metadata: { user_id: buyer.id } }, options),
    );
    return store.setCustomer(buyer.id, customer.id, former);
  };
  const settings = (): Answer => ({
    success_url: `${appBaseUrl}/settings/billing?success=true&session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${appBaseUrl}/settings/billing?cancelled=true`,
  });

  const open = async (buyer: Buyer, order: Order, params: Params): Promise<Checkout> => {
    const customer = buyer.stripe_customer_id ?? (await newCustomer(buyer, null));
    const row = await store.openCheckout(buyer.id, order, lifetimeMs);
    if (row.session_id !== null && row.url !== null) return { session_id: row.session_id, checkout_url: row.url };
    // The same page for everybody who came to this row, and for whoever comes again after a crash.
    const sessionFor = (payer: string) =>
      payments.once(`checkout:${row.id}:${payer}`, (stripe, options) =>
        stripe.checkout.sessions.create(
          { ...params, customer: payer, client_reference_id: buyer.id, expires_at: Math.floor(Date.parse(row.expires_at) / 1000) },
          options,
        ),
      );
    const session = await sessionFor(customer).catch(async (error: unknown) => {
      if (!isLostCustomer(error)) throw error;
      return sessionFor(await newCustomer(buyer, customer));
    });
    const url = session.url ?? "";
    await store.setSession(row.id, { session_id: session.id, url, expires_at: isoOf(session.expires_at) ?? row.expires_at });
    return { session_id: session.id, checkout_url: url };
  };
  const oneOff = (name: string, cents: number, metadata: Record<string, string>, back: Answer): Params => ({
    mode: "payment",
    line_items: [{ quantity: 1, price_data: { currency: "usd", unit_amount: cents, product_data: { name } } }],
    metadata,
    payment_intent_data: { metadata },
    ...back,
  });

  const itemBack = (kind: "agent" | "base", item: SoldItem, origin: string): Answer => ({
    success_url: `${origin}/marketplace/success?${kind}=${encodeURIComponent(item.slug)}&session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${origin}/marketplace/${kind}/${encodeURIComponent(item.slug)}`,
  });
  const itemCheckout = async (kind: "agent" | "base", userId: string, itemId: string, origin: string): Promise<Checkout> => {
    payments.require();
    await limit(userId);
    const [buyer, item] = [await buyerOf(userId), await shelves[kind]?.find(itemId)];
    if (!item || item.price_cents <= 0 || (item.pricing_type !== "one_time" && item.pricing_type !== "monthly"))
      throw notFound(kind === "agent" ? "Agent" : "Base");
    const metadata = { user_id: userId, [`${kind}_id`]: item.id, type: `${kind}_purchase`, pricing_type: item.pricing_type };
    const back = itemBack(kind, item, origin);
    // For good and by the month are two things, at whatever price.
    const order = { kind, subject: `${item.pricing_type}:${item.id}`, amount_cents: item.price_cents };
    if (item.pricing_type === "one_time") {
      const agreed = { ...metadata, amount_cents: String(item.price_cents) };
      return open(buyer, order, oneOff(item.name, item.price_cents, agreed, back));
    }
    const price = item.stripe_price_id
      ? { price: item.stripe_price_id }
      : {
          price_data: {
            currency: "usd",
            unit_amount: item.price_cents,
            recurring: { interval: "month" as const },
            product_data: { name: item.name },
          },
        };
    return open(buyer, order, {
      mode: "subscription",
      line_items: [{ quantity: 1, ...price }],
      metadata,
      subscription_data: { metadata },
      ...back,
    });
  };

  return {
    /** Throws `already_subscribed`. */
    plan: async (userId: string, tier: PaidTier, interval: BillingInterval): Promise<Checkout> => {
      const priceId = payments.require().prices[tier][interval];
      if (priceId === "")
        throw new AppError(
          "payments_not_configured",
          `The plan ${tier} is not sold ${interval === "annual" ? "by the year" : "by the month"} here.`,
        );
      await limit(userId);
      const buyer = await buyerOf(userId);
      if (buyer.stripe_subscription_id !== null)
        throw badRequest("You have a plan already. Change it on the page of your payments.", "already_subscribed");
      if (tierOrder.indexOf(tier) <= tierOrder.indexOf(buyer.subscription_tier))
        throw badRequest("Your plan includes that already.", "already_subscribed");
      const metadata = { user_id: userId, type: "subscription", tier, billing_interval: interval, price_id: priceId };
      return open(
        buyer,
        { kind: "subscription", subject: `${tier}:${interval}:${priceId}`, amount_cents: null },
        { mode: "subscription", line_items: [{ price: priceId, quantity: 1 }], metadata, subscription_data: { metadata }, ...settings() },
      );
    },
    credits: async (userId: string, name: keyof CreditPackages): Promise<Checkout> => {
      payments.require();
      await limit(userId);
      const cents = packages[name];
      const metadata = { user_id: userId, type: "credit_purchase", amount_cents: String(cents) };
      const order = { kind: "credits" as const, subject: name, amount_cents: cents };
      return open(await buyerOf(userId), order, oneOff(`${cents} credits`, cents, metadata, settings()));
    },
    deploySlot: async (userId: string): Promise<Checkout> => {
      payments.require();
      await limit(userId);
      const metadata = { user_id: userId, type: "deploy_purchase", amount_cents: String(deploySlotCents) };
      const order = { kind: "deploy_slot" as const, subject: "deploy_slot", amount_cents: deploySlotCents };
      return open(await buyerOf(userId), order, oneOff("One more hosted project", deploySlotCents, metadata, settings()));
    },
    /**
     * For an agent or a base that costs something; whether the caller may see and does not have it yet is the marketplace's to know, and that `origin`
     * is one of ours.
     */
    item: itemCheckout,
    /** Throws `no_stripe_customer`. */
    portal: async (userId: string): Promise<{ portal_url: string }> => {
      payments.require();
      await limit(userId);
      const { stripe_customer_id: customer } = await buyerOf(userId);
      const unknown = () => badRequest("You have not paid for anything yet.", "no_stripe_customer");
      if (customer === null) throw unknown();
      try {
        const session = await payments.call((stripe) =>
          stripe.billingPortal.sessions.create({ customer, return_url: `${appBaseUrl}/settings/billing` }),
        );
        return { portal_url: session.url };
      } catch (error) {
        if (isLostCustomer(error)) throw unknown();
        const cause = error instanceof AppError ? error.cause : undefined;
        if (cause instanceof Error && /configuration/i.test(cause.message))
          throw new AppError("payments_not_configured", "The page of payments is not set up at Stripe yet.", { cause });
        throw error;
      }
    },
  };
}
