import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { callers } from "../../../testing/crowd.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { agents } from "../../../db/schema/agent/agents.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { marketplaceTransactions } from "../../../db/schema/store.ts";
import { createLogger } from "../../../platform/logger.ts";
import { createCreators, createCreatorsStore, createSales, createSalesStore } from "./index.ts";
import type { PayoutProvider } from "../../billing/billing/index.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ env: { PAYOUTS: "manual" } });
});
afterAll(() => app.close());

const of = (user: TestUser) => app.as(user).creatorStudio;
const dayMs = 86_400_000;
const sell = (creator: TestUser, cents: number, daysAgo: number, more: object = {}) =>
  app.db.insert(marketplaceTransactions).values({
    creator_id: creator.id,
    transaction_type: "one_time",
    amount_total_cents: Math.ceil(cents / 0.9),
    amount_creator_cents: cents,
    amount_platform_cents: Math.ceil(cents / 0.9) - cents,
    created_at: new Date(Date.now() - daysAgo * dayMs).toISOString(),
    ...more,
  });
const requestPayout = (user: TestUser, json?: unknown, key?: string) =>
  app.request("/api/creators/payout", {
    method: "POST",
    user,
    headers: { ...(key !== undefined && { "idempotency-key": key }) },
    ...(json !== undefined && { json }),
  });
const bodyOf = async (response: Response) => {
  const body = (await response.json()) as { code?: string; amount_cents?: number; id?: string; details?: unknown };
  return { http: response.status, ...body };
};

describe("the dashboard", () => {
  test("is zero for a user who published nothing", async () => {
    const ada = await app.signUp({ name: "Ada" });
    const { creator, stats, earnings, payouts, items, revenue_share } = await of(ada).dashboard();
    expect(creator).toEqual({ id: ada.id, name: "Ada", username: ada.username, avatar_url: null, joined_at: ada.created_at });
    expect(stats).toEqual({
      extensions_count: 0,
      bases_count: 0,
      themes_count: 0,
      total_downloads: 0,
      total_usage: 0,
      average_rating: null,
      total_reviews: 0,
    });
    expect(earnings).toMatchObject({ total_revenue_cents: 0, total_requests: 0, by_agent: {} });
    expect([earnings.by_month.length, earnings.by_month.at(-1)?.month]).toEqual([12, new Date().toISOString().slice(0, 7)]);
    expect(payouts).toEqual({
      is_configured: true,
      connected: false,
      account_id: null,
      available_cents: 0,
      pending_cents: 0,
      paid_cents: 0,
      minimum_cents: 1000,
      hold_days: 7,
      history: [],
    });
    expect([items, revenue_share]).toEqual([[], 0.9]);
    expect((await app.request("/api/creators/dashboard")).status).toBe(401);
  });

  test("adds up sales by item and month, including pending amounts", async () => {
    const [ada, eve] = await Promise.all([app.signUp(), app.signUp()]);
    const made = await app.db
      .insert(agents)
      .values([
        {
          slug: `a-${ada.id}`,
          name: "First",
          description: "",
          created_by_user_id: ada.id,
          downloads: 4,
          usage_count: 9,
          rating: 4,
          reviews_count: 3,
        },
        {
          slug: `b-${ada.id}`,
          name: "Second",
          description: "",
          created_by_user_id: ada.id,
          rating: 5,
          reviews_count: 1,
          is_published: false,
        },
      ])
      .returning();
    const [first, second] = made.map((agent) => agent.id);
    await app.as(ada).themes.fork({ params: { id: "nord" } });
    await sell(ada, 900, 0, { agent_id: first });
    await sell(ada, 450, 0, { agent_id: first, transaction_type: "usage" });
    await sell(ada, 2000, 40, { agent_id: second });
    await sell(ada, 300, 400, { payout_status: "paid" });
    await sell(eve, 7777, 0);
    // Used twice, for less than a cent so far.
    const third = crypto.randomUUID();
    const call = { agent_id: third, creator_id: ada.id, creator_revenue: "0.4", model: "test/model", tokens_input: 1, tokens_output: 1 };
    await app.db.insert(usageLogs).values([call, call]);
    const year = { start_date: new Date(Date.now() - 500 * dayMs).toISOString() };
    const { stats, earnings, payouts, items } = await of(ada).dashboard({ query: year });
    expect(stats).toMatchObject({
      extensions_count: 1,
      themes_count: 0,
      total_downloads: 4,
      total_usage: 9,
      average_rating: 4.3,
      total_reviews: 4,
    });
    expect(earnings).toMatchObject({
      total_revenue_cents: 3650,
      pending_revenue_cents: 3350,
      paid_revenue_cents: 300,
      total_requests: 5,
      by_agent: {
        [first ?? ""]: { requests: 1, revenue_cents: 1350 },
        [second ?? ""]: { requests: 1, revenue_cents: 2000 },
        [third]: { requests: 2, revenue_cents: 0 },
      },
    });
    expect(earnings.by_month.reduce((sum, m) => sum + m.revenue_cents, 0)).toBe(3350);
    expect(payouts).toMatchObject({ available_cents: 2000, pending_cents: 1350, paid_cents: 300 });
    expect(items.map((item) => [item.item_type, item.name, item.sales_count, item.revenue_cents, item.is_published])).toEqual([
      ["agent", "First", 1, 1350, true],
      ["agent", "Second", 1, 2000, false],
      ["theme", "Nord copy", 0, 0, false],
    ]);
    const now = await of(ada).dashboard({ query: { start_date: new Date(Date.now() - dayMs).toISOString() } });
    expect(now.earnings.total_revenue_cents).toBe(1350);
    for (const query of ["start_date=yesterday", "start_date=2026-02-01T00:00:00Z&end_date=2026-01-01T00:00:00Z"])
      expect((await app.request(`/api/creators/dashboard?${query}`, { user: ada })).status).toBe(422);
  });
});

describe("a payout", () => {
  test("takes the available amount that is old enough, and stays pending", async () => {
    const ada = await app.signUp();
    await sell(ada, 600, 30);
    await sell(ada, 700, 8);
    await sell(ada, 5000, 6.9);
    const made = await bodyOf(await requestPayout(ada));
    expect(made).toEqual({
      http: 201,
      id: expect.any(String),
      amount_cents: 1300,
      transactions_count: 2,
      created_at: expect.any(String),
      paid_at: null,
      status: "pending",
    });
    expect((await of(ada).dashboard()).payouts).toMatchObject({
      available_cents: 0,
      pending_cents: 6300,
      history: [{ id: made.id, amount_cents: 1300, status: "pending", transactions_count: 2, paid_at: null }],
    });
    expect(await bodyOf(await requestPayout(ada))).toMatchObject({ http: 400, code: "payout_below_minimum" });
  });

  test("sent manually is paid once, with its sales, and the audit log names the sender", async () => {
    const [ada, root] = await Promise.all([app.signUp(), app.signUp({ admin: true })]);
    await sell(ada, 1600, 30);
    await sell(ada, 500, 1);
    const { id } = await bodyOf(await requestPayout(ada));
    const params = { payout_id: id ?? "" };
    const waiting = await app.as(root).adminPayouts.list({ query: { status: "pending", limit: 100 } });
    expect(waiting.items.find((one) => one.id === id)).toMatchObject({
      amount_cents: 1600,
      creator: { id: ada.id, username: ada.username, email: ada.email },
    });
    const pay = () => app.as(root).adminPayouts.markPaid({ params, body: { reason: "Bank transfer 4711" } });
    const both = await Promise.allSettled([pay(), pay()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(pay()).rejects.toMatchObject({ status: 409, code: "payout_settled" });
    const { payouts } = await of(ada).dashboard();
    expect(payouts).toMatchObject({ paid_cents: 1600, pending_cents: 500, history: [{ id, status: "paid", paid_at: expect.any(String) }] });
    const { rows } = await app.studio.database.pool.query(
      "select account, amount_cents::int as cents from ledger_entries where posting = $1 order by cents",
      [`paid:payout:${id}`],
    );
    expect(rows).toEqual([
      { account: "by_hand", cents: -1600 },
      { account: "creator", cents: 1600 },
    ]);
    const { items } = await app.as(root).adminAudit.list({ query: { action_type: "payout.paid" } });
    expect(items).toMatchObject([
      { admin_id: root.id, target_id: ada.id, reason: "Bank transfer 4711", extra_data: { payout_id: id, amount_cents: 1600 } },
    ]);
    const path = `/api/admin/payouts/${id}/paid`;
    const as = async (json: unknown, user?: TestUser) => (await app.request(path, { method: "POST", json, ...(user && { user }) })).status;
    expect([await as({ reason: "x" }), await as({ reason: "x" }, ada), await as({}, root)]).toEqual([401, 403, 422]);
    expect((await app.request("/api/admin/payouts", { user: ada })).status).toBe(403);
    await expect(app.as(root).adminPayouts.markPaid({ params: { payout_id: ada.id }, body: { reason: "x" } })).rejects.toMatchObject({
      status: 404,
    });
  });

  test("excludes sales refunded before it was sent; later refunds are deducted from the next one", async () => {
    const [ada, root] = await Promise.all([app.signUp(), app.signUp({ admin: true })]);
    const sales = createSales({
      store: createSalesStore(app.db),
      payoutProvider: { isOn: false } as PayoutProvider,
      isSent: false,
      log: createLogger("silent"),
    });
    const refund = (key: string) => app.db.transaction((tx) => sales.refund(tx, key));
    const key = (name: string) => `${name}-${ada.id}`;
    const settle = async (id: string | undefined) =>
      app.as(root).adminPayouts.markPaid({ params: { payout_id: id ?? "" }, body: { reason: "Bank transfer" } });
    await sell(ada, 1600, 30, { stripe_payment_intent: key("kept") });
    await sell(ada, 900, 29, { stripe_payment_intent: key("returned") });
    const first = await bodyOf(await requestPayout(ada));
    expect(first).toMatchObject({ amount_cents: 2500, transactions_count: 2 });
    await refund(key("returned"));
    expect(await settle(first.id)).toMatchObject({ status: "paid", amount_cents: 1600, transactions_count: 1 });
    expect((await of(ada).dashboard()).payouts).toMatchObject({ paid_cents: 1600, pending_cents: 0, available_cents: 0 });

    await refund(key("kept"));
    await sell(ada, 2900, 20);
    expect((await of(ada).dashboard()).payouts).toMatchObject({ available_cents: 1300 });
    expect(await bodyOf(await requestPayout(ada, { amount_cents: 1400 }))).toMatchObject({ code: "payout_exceeds_available" });
    const second = await bodyOf(await requestPayout(ada));
    expect(second).toMatchObject({ amount_cents: 1300, transactions_count: 1 });
    await settle(second.id);
    // Deducted once.
    await sell(ada, 1000, 10, { stripe_payment_intent: key("last") });
    const third = await bodyOf(await requestPayout(ada));
    expect(third).toMatchObject({ amount_cents: 1000 });
    // Nothing remains of it, so there is nothing to send.
    await refund(key("last"));
    await expect(settle(third.id)).rejects.toMatchObject({ status: 409, code: "payout_settled" });
    expect((await of(ada).dashboard()).payouts.history.map((p) => [p.amount_cents, p.status])).toEqual([
      [1000, "failed"],
      [1300, "paid"],
      [1600, "paid"],
    ]);
  });

  test("is refused below the minimum and above the available amount; whole sales are paid, oldest first", async () => {
    const ada = await app.signUp();
    await sell(ada, 999, 30);
    expect(await bodyOf(await requestPayout(ada))).toMatchObject({
      code: "payout_below_minimum",
      details: { available_cents: 999, minimum_cents: 1000 },
    });
    await sell(ada, 2001, 20);
    expect(await bodyOf(await requestPayout(ada, { amount_cents: 999 }))).toMatchObject({ code: "payout_below_minimum" });
    expect(await bodyOf(await requestPayout(ada, { amount_cents: 3001 }))).toMatchObject({ code: "payout_exceeds_available" });
    expect(await bodyOf(await requestPayout(ada, { amount_cents: 1500 }))).toMatchObject({ code: "payout_below_minimum" });
    for (const json of [{ amount_cents: 0 }, { amount_cents: -5 }, { amount_cents: 10.5 }, { amount_cents: "all" }])
      expect((await requestPayout(ada, json)).status).toBe(422);
    expect((await requestPayout(ada, {}, "a b")).status).toBe(422);
    expect(await bodyOf(await requestPayout(ada, { amount_cents: 3000 }))).toMatchObject({ amount_cents: 3000, transactions_count: 2 });
    expect((await app.request("/api/creators/payout", { method: "POST" })).status).toBe(401);
  });

  test("concurrent requests create one payout; with one key all get the same one", async () => {
    const [ada, bob] = await Promise.all([app.signUp(), app.signUp()]);
    for (const user of [ada, bob]) for (let n = 0; n < 5; n++) await sell(user, 500, 10 + n);
    const plain = await Promise.all(Array.from({ length: callers }, async () => bodyOf(await requestPayout(ada))));
    expect(plain.filter((p) => p.amount_cents === 2500)).toHaveLength(1);
    expect(plain.filter((p) => p.code === "payout_below_minimum")).toHaveLength(callers - 1);
    const keyed = await Promise.all(Array.from({ length: callers }, async () => bodyOf(await requestPayout(bob, {}, "once"))));
    // While the first is running the others get a conflict; afterwards all get the same payout.
    const paid = keyed.filter((p) => p.code !== "idempotency_key_running");
    expect([new Set(paid.map((p) => p.id)).size, paid.every((p) => p.amount_cents === 2500)]).toEqual([1, true]);
    expect(await bodyOf(await requestPayout(bob, {}, "once"))).toMatchObject({ http: 201, id: paid[0]?.id });
    const { rows } = await app.studio.database.pool.query(
      "select sum(amount_creator_cents)::int as cents, count(distinct payout_id)::int as payouts from marketplace_transactions where creator_id = any($1) and payout_status = 'processing'",
      [[ada.id, bob.id]],
    );
    expect(rows[0]).toEqual({ cents: 5000, payouts: 2 });
  });

  test("a payout without payments configured is 503 and reserves nothing", async () => {
    const ada = await app.signUp();
    await sell(ada, 5000, 30);
    const settings = { mode: "off" as const, minimumCents: 1000, holdDays: 7 };
    const creators = createCreators({
      store: createCreatorsStore(app.db, settings),
      limits: { count: async () => {}, reset: async () => {}, prune: async () => {} },
      payouts: settings,
      sales: { connect: vi.fn(), requireAccount: vi.fn(), accountOf: async () => null, sendPayout: vi.fn() },
      revenueShare: 0.9,
    });
    await expect(creators.payout(ada.id, { amount: undefined, key: undefined })).rejects.toMatchObject({
      code: "payments_not_configured",
      status: 503,
    });
    expect((await creators.dashboard(ada.id, {})).payouts).toMatchObject({ is_configured: false, available_cents: 5000 });
  });
});
