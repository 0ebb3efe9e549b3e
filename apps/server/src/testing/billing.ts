import { startStripe, stripeEnv, type StripeFake } from "@tesslate/testkit";
import { agents } from "../features/agents/agents.table.ts";
import { testApp, type TestApp, type TestAppOptions, type TestUser } from "./app.ts";

export interface BillingApp extends AsyncDisposable {
  app: TestApp;
  stripe: StripeFake;
  /** A paid agent of that creator, or of the house. */
  agent(values?: { creator?: TestUser; cents?: number; monthly?: boolean }): Promise<{ id: string; slug: string }>;
  /** Rows of a query. */
  rows<T extends object>(query: string, values?: unknown[]): Promise<T[]>;
  /** Runs a job and waits until all of them are over. */
  job(name: string, payload?: object): Promise<void>;
  close(): Promise<void>;
}

/** A server with a Stripe of its own; webhooks wait for the test. */
export async function billingApp(options: TestAppOptions = {}): Promise<BillingApp> {
  const stripe = await startStripe();
  const app = await testApp({ ...options, env: { ...stripeEnv(stripe), ...options.env } });
  stripe.sendTo(`${app.url}/api/webhooks/stripe`, "manual");
  const { pool } = app.studio.database;
  const rows = async <T extends object>(query: string, values: unknown[] = []): Promise<T[]> => (await pool.query<T>(query, values)).rows;
  let made = 0;
  const close = async () => {
    await app.close();
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
    job: async (name, payload = {}) => {
      await pool.query("select graphile_worker.add_job($1, $2::json)", [name, JSON.stringify(payload)]);
      for (let i = 0; i < 400; i++) {
        const [left] = await rows<{ n: string }>(
          "select count(*) as n from graphile_worker.jobs where run_at <= now() and attempts < max_attempts",
        );
        if (left?.n === "0") return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error("jobs do not end");
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the books say that must always hold; empty when it does. */
export async function wrongInBooks({ rows }: Pick<BillingApp, "rows">): Promise<string[]> {
  const wrong = await rows<{ what: string }>(`
    select 'posting ' || posting || ' sums to ' || sum(amount_cents) as what from ledger_entries group by posting having sum(amount_cents) <> 0
    union all
    select 'credits of ' || u.id || ' are ' || u.purchased_credits || ', the ledger says ' || coalesce(-sum(e.amount_cents), 0)
      from users u left join ledger_entries e on e.user_id = u.id and e.account = 'credits'
      group by u.id having u.purchased_credits <> coalesce(-sum(e.amount_cents), 0)
    union all
    select 'negative balance of ' || id from users where least(daily_credits, bundled_credits, signup_bonus_credits, purchased_credits, total_spend_cents, purchased_deploy_slots) < 0
    union all
    select 'plan without tier: ' || id from users where (stripe_subscription_id is not null) <> (subscription_tier <> 'free')`);
  return wrong.map(({ what }) => what);
}
