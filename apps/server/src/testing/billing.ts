import { vi } from "vitest";
import { startStripe, stripeEnv, type StripeFake } from "@tesslate/testkit";
import { agents } from "../db/schema/agent/agents.ts";
import { testApp, type TestApp, type TestAppOptions, type TestUser } from "./app.ts";

export interface BillingApp extends AsyncDisposable {
  app: TestApp;
  stripe: StripeFake;
  /** A paid agent of that creator, or an official one. */
  agent(values?: { creator?: TestUser; cents?: number; monthly?: boolean }): Promise<{ id: string; slug: string }>;
  /** Pays a checkout session; Stripe sends the webhooks. */
  pay(session_id: string | null, options?: { amount?: number }): Promise<ReturnType<StripeFake["account"]["pay"]>>;
  /** A plan from its page to its tier. Resolves with the session. */
  buyPlan(user: TestUser, tier?: "basic" | "pro" | "ultra"): Promise<string>;
  /** Orders an agent without paying. */
  requestPurchase(user: TestUser, agentId: string): ReturnType<ReturnType<TestApp["as"]>["marketplaceAgents"]["purchase"]>;
  /** Waits until all webhooks and the jobs they enqueued are processed. */
  settle(): Promise<void>;
  /** Rows of a query. */
  rows<T extends object>(query: string, values?: unknown[]): Promise<T[]>;
  /** Runs a job and waits until all of them are over. */
  job(name: string, payload?: object): Promise<void>;
  close(): Promise<void>;
}

/** A server with a fake Stripe; the test delivers the webhooks. */
export async function billingApp(options: TestAppOptions = {}): Promise<BillingApp> {
  const stripe = await startStripe();
  const app = await testApp({ ...options, env: { ...stripeEnv(stripe), ...options.env } });
  stripe.sendTo(`${app.url}/api/webhooks/stripe`, "manual");
  const { pool } = app.studio.database;
  const rows = async <T extends object>(query: string, values: unknown[] = []): Promise<T[]> => (await pool.query<T>(query, values)).rows;
  const idle = () =>
    vi.waitFor(async () => {
      const [left] = await rows<{ n: string }>(
        "select count(*) as n from graphile_worker.jobs where run_at <= now() and attempts < max_attempts",
      );
      if (left?.n !== "0") throw new Error(`${left?.n} jobs have not ended`);
    });
  const job: BillingApp["job"] = async (name, payload = {}) => {
    await pool.query("select graphile_worker.add_job($1, $2::json)", [name, JSON.stringify(payload)]);
    await idle();
  };
  const pay: BillingApp["pay"] = async (session_id, options) => {
    const paid = stripe.account.pay(session_id ?? "", options);
    await stripe.settle();
    return paid;
  };
  let made = 0;
  const close = async () => {
    await app.close();
    process.stdout.write(`${stripe.published.summary()}\n`);
    await stripe.close();
  };
  return {
    app,
    stripe,
    agent: async ({ creator, cents = 1000, monthly = false } = {}) => {
      const slug = `paid-${++made}-${Math.random().toString(36).slice(2, 8)}`;
      const [row] = await app.db
        .insert(agents)
        .values({
          slug,
          name: slug,
          description: "Costs something",
          system_prompt: "Be good.",
          pricing_type: monthly ? "monthly" : "one_time",
          price_cents: cents,
          created_by_user_id: creator?.id ?? null,
          forked_by_user_id: creator?.id ?? null,
        })
        .returning();
      if (!row) throw new Error("no agent");
      return row;
    },
    rows,
    job,
    pay,
    buyPlan: async (user, tier = "pro") => {
      const { session_id } = await app.as(user).billing.checkout({ body: { tier } });
      await pay(session_id);
      return session_id;
    },
    requestPurchase: (user, id) => app.as(user).marketplaceAgents.purchase({ params: { id }, body: {} }),
    settle: async () => {
      // A job may cause a webhook, which may enqueue a job.
      do {
        await stripe.settle();
        await idle();
      } while (stripe.waiting.length > 0);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Violations of the ledger's invariants; empty when it is consistent. */
export async function ledgerViolations({ rows }: Pick<BillingApp, "rows">): Promise<string[]> {
  const wrong = await rows<{ what: string }>(`
    select 'posting ' || posting || ' sums to ' || sum(amount_cents) as what from ledger_entries group by posting having sum(amount_cents) <> 0
    union all
    select 'credits of ' || u.id || ' are ' || u.purchased_credits || ', the ledger has ' || coalesce(-sum(e.amount_cents), 0)
      from users u left join ledger_entries e on e.user_id = u.id and e.account = 'credits'
      group by u.id having u.purchased_credits <> coalesce(-sum(e.amount_cents), 0)
    union all
    select 'owed to ' || u.id || ' are ' || coalesce(e.cents, 0) || ' by the ledger, ' || coalesce(s.cents, 0) || ' by the sales'
      from users u
      left join (select user_id, -sum(amount_cents) as cents from ledger_entries where account = 'creator' group by user_id) e on e.user_id = u.id
      left join (select t.creator_id, sum(t.amount_creator_cents * ((t.refunded_at is null)::int - (t.payout_status = 'paid')::int
          + (t.reversed_at is not null and (t.stripe_payout_id is not null or p.status = 'paid'))::int)) as cents
        from marketplace_transactions t left join creator_payouts p on p.id = t.payout_id group by t.creator_id) s on s.creator_id = u.id
      where coalesce(e.cents, 0) <> coalesce(s.cents, 0)
    union all
    select 'negative balance of ' || id from users where least(daily_credits, bundled_credits, signup_bonus_credits, purchased_credits, total_spend_cents, purchased_deploy_slots) < 0
    union all
    select 'plan without tier: ' || id from users where (stripe_subscription_id is not null) <> (subscription_tier <> 'free')`);
  return wrong.map(({ what }) => what);
}
