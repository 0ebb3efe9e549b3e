import { stripeEnv } from "@tesslate/testkit";
import type { StripeFake } from "@tesslate/testkit";
import { composeFulfilment } from "../../compose/billing.ts";
import { readConfig, type Config } from "../../config.ts";
import {
  createBillingJobs,
  createBillingStore,
  createPayments,
  createReconciliation,
  createStripeConnect,
} from "../../features/billing/billing/index.ts";
import { createSales, createSalesStore } from "../../features/store/creators/index.ts";
import { createCredits, createCreditsStore } from "../../features/billing/credits/index.ts";
import type { Database, Queries } from "../../platform/database.ts";
import { createLogger } from "../../platform/logger.ts";
import type { ServerSettings } from "../../platform/server-settings.ts";

export class Crash extends Error {
  readonly isCommitted: boolean;
  constructor(isCommitted: boolean) {
    super("the process died here");
    this.isCommitted = isCommitted;
  }
}
/** Schedules the next failure: after a number of store calls, or right after a transaction. */
export interface Chaos {
  arm(at: number | "after commit" | undefined): void;
}
interface Transactional {
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T>;
}
export interface Job {
  name: string;
  payload: object;
}

/** The billing services on a real database and a fake Stripe, with stores that can fail at any call and jobs run by the test. */
export function createMoneyStack(db: Database, stripe: StripeFake) {
  const config: Config = readConfig(stripeEnv(stripe));
  const log = createLogger("silent");
  const jobs: Job[] = [];
  let armed: number | "after commit" | undefined;
  const step = () => {
    if (typeof armed !== "number") return;
    if (armed-- > 0) return;
    armed = undefined;
    throw new Crash(false);
  };
  const shaken = <S extends Transactional>(store: S): S => {
    const enqueued = new WeakMap<object, Job[]>();
    const verbs: Record<string, unknown> = {
      transaction: async <T>(work: (tx: Queries) => Promise<T>): Promise<T> => {
        let mine: Job[] = [];
        const result = await store.transaction(async (tx) => {
          mine = [];
          enqueued.set(tx, mine);
          const value = await work(tx);
          step();
          return value;
        });
        jobs.push(...mine);
        if (armed === "after commit") {
          armed = undefined;
          throw new Crash(true);
        }
        return result;
      },
      enqueue: async (tx: Queries, name: string, payload: object) => void (enqueued.get(tx) ?? jobs).push({ name, payload }),
    };
    return new Proxy(store, {
      get: (target, name) => {
        const own = verbs[String(name)];
        if (own) return own;
        const verb: unknown = Reflect.get(target, name);
        if (typeof verb !== "function") return verb;
        return (...args: unknown[]) => {
          step();
          return (verb as (...args: unknown[]) => unknown)(...args);
        };
      },
    });
  };

  // Jobs of a sale are enqueued in the transaction of the payment: one list for all stores.
  const store = shaken(createBillingStore(db));
  const sales_ = createSalesStore(db);
  const salesStore = shaken({ ...sales_, enqueue: store.enqueue });
  const credits = createCredits({ store: shaken(createCreditsStore(db)), isBilled: true, terms: config.billing.terms });
  const payments = createPayments({ account: config.billing.stripe, rejections: createBillingStore(db), log, fetch: stripe.fetch });
  const sales = createSales({
    store: salesStore,
    payoutProvider: createStripeConnect({ payments, appBaseUrl: "http://studio" }),
    isSent: true,
    log,
  });
  const { soldItems, subscriptions, webhooks } = composeFulfilment({
    config,
    db,
    store,
    payments,
    credits,
    sales,
    onPaymentFailed: async () => undefined,
    log,
  });
  const values = new Map<string, unknown>();
  const settings = {
    get: async (key: string) => values.get(key),
    set: async (key: string, value: unknown) => void values.set(key, value),
  } as unknown as ServerSettings;
  const handlers: Record<string, (payload: unknown) => Promise<void>> = {
    ...sales.jobHandlers,
    ...subscriptions.jobHandlers,
    ...createBillingJobs({ payments, soldItems }).jobHandlers,
  };
  return {
    credits,
    webhooks,
    /** Runs with the given webhooks, so that the test can observe them. */
    reconciliation: (over: typeof webhooks) => createReconciliation({ store, payments, webhooks: over, settings, log }),
    jobs,
    run: async ({ name, payload }: Job): Promise<void> => handlers[name]?.(payload),
    forgetCursor: () => values.clear(),
    chaos: { arm: (at) => void (armed = at) } satisfies Chaos as Chaos,
  };
}
