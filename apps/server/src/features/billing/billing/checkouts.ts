import type { Stripe } from "stripe";
import type { BillingInterval, CheckoutPage } from "@tesslate/contract";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { BillingStore, Buyer, Order } from "./billing.store.ts";
import { tierOrder, type CreditPackages, type PaidTier } from "./tiers.ts";
import type { SoldItemStores, SoldItem } from "./sold-items.ts";
import { isDeletedCustomer, isoOf, type Payments } from "./stripe.ts";

/** Stripe limits sessions to 24 h; one hour less allows for clock differences. */
const lifetimeMs = 23 * 3_600_000;

type Params = Stripe.Checkout.SessionCreateParams;
export interface ReturnUrls {
  success_url: string;
  cancel_url: string;
}

export type Checkouts = ReturnType<typeof createCheckouts>;
/**
 * Stripe Checkout sessions. A user has at most one open session per order, so that two clicks are not two payments. Nothing changes here until the
 * payment is fulfilled. All methods throw `payments_not_configured`, `stripe_error`, `rate_limited`.
 */
export function createCheckouts({
  store,
  payments,
  limits,
  soldItems,
  appBaseUrl,
  packages,
  deploySlotCents,
}: {
  store: BillingStore;
  payments: Payments;
  limits: RateLimiter;
  soldItems: SoldItemStores;
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
  /** Concurrent calls get the same customer. `former` is one that was deleted at Stripe. */
  const newCustomer = async (buyer: Buyer, former: string | null): Promise<string> => {
    const customer = await payments.once(`customer:${former ?? buyer.id}`, (stripe, options) =>
      stripe.customers.create({ email: buyer.email, name: buyer.name, metadata: { user_id: buyer.id } }, options),
    );
    return store.setCustomer(buyer.id, customer.id, former);
  };
  const settingsReturnUrls = (): ReturnUrls => ({
    success_url: `${appBaseUrl}/settings/billing?success=true&session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${appBaseUrl}/settings/billing?cancelled=true`,
  });

  const open = async (buyer: Buyer, order: Order, params: Params): Promise<CheckoutPage> => {
    const customer = buyer.stripe_customer_id ?? (await newCustomer(buyer, null));
    const row = await store.findOrCreateCheckout(buyer.id, order, lifetimeMs);
    if (row.session_id !== null && row.url !== null) return { session_id: row.session_id, checkout_url: row.url };
    // Keyed by the row, so that concurrent calls and a retry after a crash get the same session.
    const sessionFor = (payer: string) =>
      payments.once(`checkout:${row.id}:${payer}`, (stripe, options) =>
        stripe.checkout.sessions.create(
          { ...params, customer: payer, client_reference_id: buyer.id, expires_at: Math.floor(Date.parse(row.expires_at) / 1000) },
          options,
        ),
      );
    const session = await sessionFor(customer).catch(async (error: unknown) => {
      if (!isDeletedCustomer(error)) throw error;
      return sessionFor(await newCustomer(buyer, customer));
    });
    const url = session.url ?? "";
    await store.setSession(row.id, { session_id: session.id, url, expires_at: isoOf(session.expires_at) ?? row.expires_at });
    return { session_id: session.id, checkout_url: url };
  };
  const oneOff = (name: string, cents: number, metadata: Record<string, string>, returnUrls: ReturnUrls): Params => ({
    mode: "payment",
    line_items: [{ quantity: 1, price_data: { currency: "usd", unit_amount: cents, product_data: { name } } }],
    metadata,
    payment_intent_data: { metadata },
    ...returnUrls,
  });

  const itemReturnUrls = (kind: "agent" | "base", item: SoldItem, origin: string): ReturnUrls => ({
    success_url: `${origin}/marketplace/success?${kind}=${encodeURIComponent(item.slug)}&session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${origin}/marketplace/${kind}/${encodeURIComponent(item.slug)}`,
  });
  const itemCheckout = async (kind: "agent" | "base", userId: string, itemId: string, origin: string): Promise<CheckoutPage> => {
    payments.require();
    await limit(userId);
    const [buyer, item] = [await buyerOf(userId), await soldItems[kind]?.find(itemId)];
    if (!item || item.price_cents <= 0 || (item.pricing_type !== "one_time" && item.pricing_type !== "monthly"))
      throw notFound(kind === "agent" ? "Agent" : "Base");
    const metadata = { user_id: userId, [`${kind}_id`]: item.id, type: `${kind}_purchase`, pricing_type: item.pricing_type };
    const returnUrls = itemReturnUrls(kind, item, origin);
    // A one-time purchase and a monthly subscription are different orders.
    const order = { kind, subject: `${item.pricing_type}:${item.id}`, amount_cents: item.price_cents };
    if (item.pricing_type === "one_time") {
      const agreed = { ...metadata, amount_cents: String(item.price_cents) };
      return open(buyer, order, oneOff(item.name, item.price_cents, agreed, returnUrls));
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
      ...returnUrls,
    });
  };

  return {
    /** Throws `already_subscribed`. */
    plan: async (userId: string, tier: PaidTier, interval: BillingInterval): Promise<CheckoutPage> => {
      const priceId = payments.require().prices[tier][interval];
      if (priceId === "")
        throw new AppError(
          "payments_not_configured",
          `The ${tier} plan is not available with ${interval === "annual" ? "annual" : "monthly"} billing on this server.`,
        );
      await limit(userId);
      const buyer = await buyerOf(userId);
      if (buyer.stripe_subscription_id !== null)
        throw badRequest("You already have a plan. Change it in the customer portal.", "already_subscribed");
      if (tierOrder.indexOf(tier) <= tierOrder.indexOf(buyer.subscription_tier))
        throw badRequest("Your current plan already includes this one.", "already_subscribed");
      const metadata = { user_id: userId, type: "subscription", tier, billing_interval: interval, price_id: priceId };
      return open(
        buyer,
        { kind: "subscription", subject: `${tier}:${interval}:${priceId}`, amount_cents: null },
        {
          mode: "subscription",
          line_items: [{ price: priceId, quantity: 1 }],
          metadata,
          subscription_data: { metadata },
          ...settingsReturnUrls(),
        },
      );
    },
    credits: async (userId: string, name: keyof CreditPackages): Promise<CheckoutPage> => {
      payments.require();
      await limit(userId);
      const cents = packages[name];
      const metadata = { user_id: userId, type: "credit_purchase", amount_cents: String(cents) };
      const order = { kind: "credits" as const, subject: name, amount_cents: cents };
      return open(await buyerOf(userId), order, oneOff(`${cents} credits`, cents, metadata, settingsReturnUrls()));
    },
    deploySlot: async (userId: string): Promise<CheckoutPage> => {
      payments.require();
      await limit(userId);
      const metadata = { user_id: userId, type: "deploy_purchase", amount_cents: String(deploySlotCents) };
      const order = { kind: "deploy_slot" as const, subject: "deploy_slot", amount_cents: deploySlotCents };
      return open(await buyerOf(userId), order, oneOff("Additional always-on project", deploySlotCents, metadata, settingsReturnUrls()));
    },
    /**
     * For a paid agent or base. The caller checks that the user may see the item, does not own it yet, and that `origin` is an allowed origin.
     */
    item: itemCheckout,
    /** Throws `no_stripe_customer`. */
    portal: async (userId: string): Promise<{ portal_url: string }> => {
      payments.require();
      await limit(userId);
      const { stripe_customer_id: customer } = await buyerOf(userId);
      const unknown = () => badRequest("You have no payments yet, so there is no customer portal.", "no_stripe_customer");
      if (customer === null) throw unknown();
      try {
        const session = await payments.call((stripe) =>
          stripe.billingPortal.sessions.create({ customer, return_url: `${appBaseUrl}/settings/billing` }),
        );
        return { portal_url: session.url };
      } catch (error) {
        if (isDeletedCustomer(error)) throw unknown();
        const cause = error instanceof AppError ? error.cause : undefined;
        if (cause instanceof Error && /configuration/i.test(cause.message))
          throw new AppError("payments_not_configured", "The Stripe customer portal is not configured.", { cause });
        throw error;
      }
    },
  };
}
