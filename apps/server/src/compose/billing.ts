import type { Config } from "../config.ts";
import {
  createAgentSubscriptions,
  createBillingJobs,
  createBillingStore,
  createChangeSubscription,
  createCheckouts,
  createFulfilment,
  createPayments,
  createPaymentFees,
  createPlanPrices,
  createPlanSubscriptions,
  createPurchases,
  createStripeConnect,
  createSubscriptions,
  createReconciliation,
  createRevenue,
  createRevenueStore,
  createStripeWebhooks,
  mountBilling,
  mountRevenue,
  paymentFailedEmail,
  type Billing,
  type BillingStore,
  type Payments,
  type SoldItemStores,
} from "../features/billing/billing/index.ts";
import { createSales, createSalesStore, type Sales } from "../features/store/creators/index.ts";
import { createBalanceFeed, type Credits } from "../features/billing/credits/index.ts";
import { createAcquiringStore, createSoldItems, type MarketplacePayments } from "../features/store/marketplace/index.ts";
import type { Database } from "../platform/database.ts";
import type { Logger } from "../platform/logger.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Payments, credits and creators' shares. */
export interface BillingArea extends Area {
  sales: Sales;
  /** Payments for marketplace items. */
  marketplacePayments: MarketplacePayments;
}

/** Delivers what was bought when a payment is reported. */
export function composeFulfilment({
  config,
  db,
  store,
  payments,
  credits,
  sales,
  onPaymentFailed,
  log,
}: {
  config: Config;
  db: Database;
  store: BillingStore;
  payments: Payments;
  credits: Credits;
  sales: Sales;
  onPaymentFailed: Parameters<typeof createStripeWebhooks>[0]["onPaymentFailed"];
  log: Logger;
}) {
  const entries = createAcquiringStore(db);
  const soldItems: SoldItemStores = { agent: createSoldItems(db, entries, "agent"), base: createSoldItems(db, entries, "base") };
  const subscriptions = createSubscriptions({ store, payments, credits, soldItems, log });
  const { creatorSharePercent } = config.billing.terms;
  const creatorCentsOf = (totalCents: number) => Math.floor((totalCents * creatorSharePercent) / 100);
  const fulfilment = createFulfilment({ store, credits, sales: { ...sales, creatorCentsOf }, soldItems, subscriptions, log });
  return { soldItems, subscriptions, webhooks: createStripeWebhooks({ store, payments, subscriptions, fulfilment, onPaymentFailed, log }) };
}

export function composeBilling({ config, log, db, bus, limits, mail, settings }: Platform, { credits }: { credits: Credits }): BillingArea {
  const { appBaseUrl } = config.http;
  const store = createBillingStore(db);
  if (config.billing.stripe && !config.billing.isOn)
    log.warn(
      "STRIPE_SECRET_KEY is set but BILLING_ENABLED is false: users can buy credits that are never used. Set BILLING_ENABLED=true or unset STRIPE_SECRET_KEY.",
    );
  const payments = createPayments({ account: config.billing.stripe, rejections: store, log });
  const sales = createSales({
    store: createSalesStore(db),
    payoutProvider: createStripeConnect({ payments, appBaseUrl }),
    isSent: config.creators.payouts.mode === "stripe",
    log,
  });
  const { soldItems, subscriptions, webhooks } = composeFulfilment({
    config,
    db,
    store,
    payments,
    credits,
    sales,
    onPaymentFailed: async (tx, userId) => {
      const buyer = await store.findBuyer(userId, tx);
      if (buyer) await mail.queue(tx, paymentFailedEmail(buyer, `${appBaseUrl}/settings/billing`));
    },
    log,
  });
  const reconciliation = createReconciliation({ store, payments, webhooks, settings, log });
  const checkouts = createCheckouts({
    store,
    payments,
    limits,
    soldItems,
    appBaseUrl,
    packages: config.billing.packages,
    deploySlotCents: config.billing.deploySlotCents,
  });
  const change = createChangeSubscription({ payments, webhooks, limits });
  const billing: Billing = {
    ...createPlanSubscriptions({ config, store, credits, prices: createPlanPrices({ payments, log }), change }),
    ...createPurchases({ store, payments, webhooks, soldItems, requireAllowed: change.requireAllowed }),
    ...createAgentSubscriptions({ store, soldItems, change }),
  };
  const balances = createBalanceFeed({ bus, balance: credits.balance });
  const billingJobs = createBillingJobs({ payments, soldItems });
  const fees = createPaymentFees({ store, payments, log });
  const revenue = createRevenue({ store: createRevenueStore(db) });

  return {
    sales,
    marketplacePayments: {
      checkoutForAgent: ({ id }, agent, { origin }) => checkouts.item("agent", id, agent.id, origin),
      checkoutForBase: ({ id }, base, { origin }) => checkouts.item("base", id, base.id, origin),
      canEarn: sales.canEarn,
    },
    jobs: {
      ...sales.jobHandlers,
      ...subscriptions.jobHandlers,
      ...billingJobs.jobHandlers,
      ...reconciliation.jobHandlers,
      ...fees.jobHandlers,
    },
    cron: {
      reconcile_payments: "*/10 * * * *",
      sweep_transfers: "*/10 * * * *",
      settle_usage: "*/10 * * * *",
      expire_library: "*/10 * * * *",
      read_payment_fees: "*/10 * * * *",
    },
    mount(mount) {
      mountBilling(mount, { billing, checkouts, credits, balances, webhooks });
      mountRevenue(mount, { revenue });
    },
  };
}
