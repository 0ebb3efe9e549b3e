import { expect } from "vitest";
import { createCredits, createCreditsStore } from "../../features/billing/credits/index.ts";
import type { TestUser } from "../app.ts";
import type { BillingApp } from "../billing.ts";

/** Records many model calls, each twice, for a user with ten credits. */
export async function spendAtOnce({ app, rows }: BillingApp, size: number): Promise<void> {
  const ada = await app.signUp();
  await rows("update users set daily_credits = 2, signup_bonus_credits = 0 where id = $1", [ada.id]);
  const credits = createCredits({ store: createCreditsStore(app.db), isBilled: true, terms: app.config.billing.terms });
  await app.db.transaction((tx) => credits.adjust(tx, { user_id: ada.id, amount: 8, reason: "test", made_by_id: ada.id, key: undefined }));
  const call = {
    user_id: ada.id,
    agent_id: null,
    project_id: null,
    chat_id: null,
    task_id: null,
    model: "test/model",
    purpose: "turn",
    is_byok: false,
    tokens_input: 0,
    tokens_output: 0,
    tokens_cached: 0,
    cost_input: "0",
    cost_output: "0",
    cost_total: "1.00000000",
  } as const;
  const calls = 2 * size;
  const spent = await Promise.all(
    Array.from({ length: 2 * calls }, (_, n) => credits.record({ ...call, request_id: `${ada.id}:${n % calls}` })),
  );
  expect(new Set(spent.map(({ usage_log_id }) => usage_log_id)).size).toBe(calls);
  expect(
    await rows("select sum(credits_deducted)::int as taken, sum(shortfall_credits)::int as forgiven from usage_logs where user_id = $1", [
      ada.id,
    ]),
  ).toEqual([{ taken: 10, forgiven: calls - 10 }]);
  expect((await app.as(ada).billing.credits()).total_credits).toBe(0);
}

/** Orders the same pack and agent many times concurrently and pays; Stripe sends each webhook many times. */
export async function buyAtOnce(
  { app, stripe, agent: makeAgent, requestPurchase, job, rows }: BillingApp,
  creator: TestUser,
  size: number,
): Promise<void> {
  const ada = await app.signUp();
  const agent = await makeAgent({ creator, cents: 700 });
  const many = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: size }, work));
  const pages = new Set((await many(() => requestPurchase(ada, agent.id))).map(({ session_id }) => session_id));
  const packs = new Set((await many(() => app.as(ada).billing.purchaseCredits({ body: { package: "small" } }))).map((p) => p.session_id));
  expect([pages.size, packs.size]).toEqual([1, 1]);
  expect([...stripe.account.customers.values()].filter((c) => c.metadata["user_id"] === ada.id)).toHaveLength(1);
  for (const id of [...pages, ...packs]) stripe.account.pay(id ?? "");
  const events = stripe.waiting.splice(0);
  const verified = many(() => app.as(ada).purchases.verify({ body: { session_id: [...pages][0] ?? "" } }));
  expect(new Set(await stripe.deliver(events, { copies: Math.ceil(size / 4) }))).toEqual(new Set([200]));
  expect((await verified).every((answer) => answer.in_library)).toBe(true);
  // Waits until the jobs that a payment enqueued are finished.
  await job("expire_library");
  expect(await rows("select purchased_credits, total_spend_cents from users where id = $1", [ada.id])).toEqual([
    { purchased_credits: 500, total_spend_cents: 1200 },
  ]);
  expect(await rows("select count(*)::int as n from marketplace_transactions where user_id = $1", [ada.id])).toEqual([{ n: 1 }]);
  const sent = [...stripe.account.transfers.values()].filter((t) => t.metadata["agent_id"] === agent.id);
  expect(sent).toMatchObject([{ amount: 630 }]);
}
