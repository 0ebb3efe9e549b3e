import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { billingApp, ledgerViolations, type BillingApp } from "../../../testing/billing.ts";
import type { TestUser } from "../../../testing/app.ts";
import { buyAtOnce, spendAtOnce } from "../../../testing/money/crowds.ts";

let world: BillingApp;
let creator: TestUser;
beforeAll(async () => {
  world = await billingApp();
  creator = await world.app.signUp({ name: "Maker" });
});
afterAll(() => world.close());

const api = (user: TestUser) => world.app.as(user);
const settle = () => world.stripe.settle();
const buyOf = (user: TestUser, id: string) => world.requestPurchase(user, id);
const pay = (session_id: string | null) => world.pay(session_id);
const isOwned = async (user: TestUser, slug: string) => (await api(user).marketplaceAgents.get({ params: { slug } })).is_purchased;
const transfers = () => [...world.stripe.account.transfers.values()];
/** Waits until the jobs that a payment enqueued are finished. */
const idle = () => world.job("expire_library");
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: { status: number; code: string }) => [error.status, error.code],
  );
const admin = async () => {
  const root = await world.app.signUp({ admin: true });
  const { marketplace, revenue } = await api(root).adminMetrics.overview({ query: {} });
  return { ...marketplace, kinds: revenue.by_kind_cents };
};

describe("a creator", () => {
  test("is sent to onboarding, and can sell when the account is complete", async () => {
    expect(await outcome(api(creator).creatorStudio.payout({ body: {} }))).toEqual([400, "payout_onboarding_required"]);
    const { onboarding_url } = await api(creator).creatorStudio.connect();
    expect((await api(creator).creatorStudio.connect()).onboarding_url).toContain("/onboard/acct_");
    expect(world.stripe.account.accounts.size).toBe(1);
    const [account] = world.stripe.account.accounts.keys();
    expect((await api(creator).creatorStudio.dashboard({ query: {} })).payouts).toMatchObject({ connected: true, account_id: account });
    expect(await outcome(api(creator).creatorStudio.payout({ body: {} }))).toEqual([400, "payout_onboarding_required"]);
    const done = await fetch(onboarding_url.replace("?", "/complete?"), { method: "POST", redirect: "manual" });
    expect(done.headers.get("location")).toBe(`${world.app.config.http.appBaseUrl}/billing/connect/complete`);
    expect(await outcome(api(creator).creatorStudio.payout({ body: {} }))).toEqual([400, "payout_below_minimum"]);
  });
});

describe("an agent with a one-time price", () => {
  test("is paid once, belongs to the buyer and gives the creator 90 %; a refund removes the entry and the share", async () => {
    const ada = await world.app.signUp();
    const agent = await world.agent({ creator, cents: 1999 });
    const ordered = await buyOf(ada, agent.id);
    expect(ordered).toMatchObject({ agent_id: agent.id, in_library: false, checkout_url: expect.stringContaining(world.stripe.url) });
    const session = world.stripe.account.sessions.get(ordered.session_id ?? "");
    expect(session).toMatchObject({
      mode: "payment",
      amount_total: 1999,
      metadata: { user_id: ada.id, agent_id: agent.id, type: "agent_purchase", pricing_type: "one_time" },
      success_url: `${world.app.config.http.appBaseUrl}/marketplace/success?agent=${agent.slug}&session_id={CHECKOUT_SESSION_ID}`,
    });
    expect(await isOwned(ada, agent.slug)).toBe(false);
    const verify = (user: TestUser) => api(user).purchases.verify({ body: { session_id: ordered.session_id ?? "" } });
    expect(await verify(ada)).toMatchObject({ agent_id: agent.id, in_library: false });
    world.stripe.account.pay(ordered.session_id ?? "");
    expect(await verify(ada)).toMatchObject({ agent_id: agent.id, in_library: true, checkout_url: null });
    expect(await outcome(verify(creator))).toEqual([404, "not_found"]);
    const paid = await Promise.all(Array.from({ length: 20 }, () => verify(ada)));
    expect(paid.every((answer) => answer.in_library)).toBe(true);
    await settle();
    await idle();
    expect(await buyOf(ada, agent.id)).toMatchObject({ in_library: true, checkout_url: null });
    expect(transfers()).toMatchObject([
      { amount: 1799, metadata: { agent_id: agent.id, user_id: ada.id, transaction_id: expect.any(String) }, amount_reversed: 0 },
    ]);
    expect(await world.rows("select downloads from agents where id = $1", [agent.id])).toEqual([{ downloads: 1 }]);
    const { earnings, items } = await api(creator).creatorStudio.dashboard({ query: {} });
    expect(earnings).toMatchObject({ total_revenue_cents: 1799, paid_revenue_cents: 1799, by_agent: { [agent.id]: { requests: 1 } } });
    expect(items[0]).toMatchObject({ revenue_cents: 1799 });
    expect(await admin()).toMatchObject({
      total_revenue_cents: 1999,
      revenue_by_type_cents: { one_time: 1999, monthly: 0 },
      kinds: { agent: 1999 },
    });
    expect((await api(ada).billing.transactions({ query: {} })).items).toMatchObject([
      { kind: "agent", agent_id: agent.id, item: agent.slug },
    ]);

    world.stripe.account.refund(session?.payment_intent ?? "");
    await settle();
    await idle();
    expect(await isOwned(ada, agent.slug)).toBe(false);
    expect(await buyOf(ada, agent.id)).toMatchObject({ in_library: false });
    expect(transfers()).toMatchObject([{ amount: 1799, amount_reversed: 1799 }]);
    expect((await api(creator).creatorStudio.dashboard({ query: {} })).earnings.total_revenue_cents).toBe(0);
    expect(await admin()).toMatchObject({ total_revenue_cents: 0, kinds: { agent: 0 } });
  });

  test("paid in two sessions is charged once: the second payment is refunded", async () => {
    const ada = await world.app.signUp();
    const agent = await world.agent({ cents: 900 });
    const first = await buyOf(ada, agent.id);
    await world.rows("update checkouts set status = 'expired' where session_id = $1", [first.session_id]);
    const second = await buyOf(ada, agent.id);
    expect(second.session_id).not.toBe(first.session_id);
    await pay(first.session_id);
    const again = await pay(second.session_id);
    await idle();
    const charge = [...world.stripe.account.charges.values()].find((c) => c.payment_intent === again.payment_intent);
    expect(charge?.refunded).toBe(true);
    await settle();
    expect(await isOwned(ada, agent.slug)).toBe(true);
    expect((await api(ada).billing.transactions({ query: {} })).total).toBe(1);
  });

  test("a transfer that fails waits; one that Stripe lost is sent once", async () => {
    const ada = await world.app.signUp();
    const later = await world.app.signUp();
    const unconnected = await world.agent({ creator: later, cents: 2000 });
    await pay((await buyOf(ada, unconnected.id)).session_id);
    await idle();
    expect((await api(later).creatorStudio.dashboard({ query: {} })).payouts).toMatchObject({ pending_cents: 1800, available_cents: 0 });
    await world.rows("update marketplace_transactions set created_at = now() - interval '8 days' where creator_id = $1", [later.id]);
    await api(later).creatorStudio.connect();
    const account = (await api(later).creatorStudio.dashboard({ query: {} })).payouts.account_id ?? "";
    world.stripe.account.completeOnboarding(account);
    world.stripe.trouble({ how: 500, on: /POST \/v1\/transfers/ });
    expect(await outcome(api(later).creatorStudio.payout({ body: {} }))).toEqual([502, "stripe_error"]);
    world.stripe.trouble(undefined);
    const [waiting] = await world.rows<{ id: string; status: string }>("select id, status from creator_payouts where creator_id = $1", [
      later.id,
    ]);
    expect(waiting?.status).toBe("processing");
    await world.job("send_payout", { id: waiting?.id ?? "" });
    await world.job("send_payout", { id: waiting?.id ?? "" });
    expect(transfers().filter((t) => t.destination === account)).toMatchObject([{ amount: 1800 }]);
    expect((await api(later).creatorStudio.dashboard({ query: {} })).payouts).toMatchObject({
      paid_cents: 1800,
      history: [{ status: "paid" }],
    });
  });
});

describe("an agent with a monthly price", () => {
  test("is renewed, cancelled at period end, resumed, and lapses", async () => {
    const ada = await world.app.signUp();
    const agent = await world.agent({ creator, cents: 500, monthly: true });
    const ordered = await buyOf(ada, agent.id);
    await pay(ordered.session_id);
    expect(await isOwned(ada, agent.slug)).toBe(true);
    const [subscription] = (await api(ada).purchases.subscriptions({ query: {} })).items;
    expect(subscription).toMatchObject({
      agent_id: agent.id,
      agent_slug: agent.slug,
      price_cents: 500,
      status: "active",
      cancel_at_period_end: false,
    });
    const params = { id: subscription?.id ?? "" };
    expect(await outcome(api(creator).purchases.cancel({ params }))).toEqual([404, "not_found"]);
    expect(await outcome(api(creator).purchases.renew({ params }))).toEqual([404, "not_found"]);
    expect(await api(ada).purchases.cancel({ params })).toMatchObject({ cancel_at_period_end: true });
    expect(await api(ada).purchases.renew({ params })).toMatchObject({ cancel_at_period_end: false });
    world.stripe.account.advance(31);
    await settle();
    await idle();
    const sales = await world.rows(
      "select amount_creator_cents, payout_status, transaction_type from marketplace_transactions where agent_id = $1",
      [agent.id],
    );
    const share = { amount_creator_cents: 450, payout_status: "paid", transaction_type: "subscription" };
    expect(sales).toEqual([share, share]);
    await api(ada).purchases.cancel({ params });
    world.stripe.account.advance(31);
    await settle();
    expect(await isOwned(ada, agent.slug)).toBe(false);
    expect((await api(ada).purchases.subscriptions({ query: {} })).items).toMatchObject([{ status: "canceled" }]);
    expect(await outcome(api(ada).purchases.renew({ params }))).toEqual([400, "no_subscription"]);
    expect((await api(ada).billing.subscription()).tier).toBe("free");
  });
});

const activeOf = (user: TestUser) =>
  [...world.stripe.account.subscriptions.values()].filter((s) => s.metadata["user_id"] === user.id && s.status !== "canceled");

test("an agent paid monthly in two sessions keeps one subscription", async () => {
  const ada = await world.app.signUp();
  const agent = await world.agent({ creator, cents: 500, monthly: true });
  const first = await buyOf(ada, agent.id);
  await world.rows("update agents set price_cents = 600 where id = $1", [agent.id]);
  const second = await buyOf(ada, agent.id);
  for (const { session_id } of [first, second]) await pay(session_id);
  await world.settle();
  expect([activeOf(ada).map((s) => s.items.data[0]?.price.unit_amount), await isOwned(ada, agent.slug)]).toEqual([[600], true]);
});

test("after its creator deleted it, neither an open checkout nor a subscription is charged; disputes are still closed", async () => {
  const [ada, bob] = [await world.app.signUp(), await world.app.signUp()];
  const made = { once: await world.agent({ creator }), disputed: await world.agent({ creator }) };
  const monthly = await world.agent({ creator, monthly: true });
  const pages = [await buyOf(ada, made.once.id), await buyOf(ada, monthly.id)];
  const disputed = await pay((await buyOf(ada, made.disputed.id)).session_id);
  await pay((await buyOf(bob, monthly.id)).session_id);
  const { id: dispute } = world.stripe.account.dispute(disputed.payment_intent ?? "");
  await world.settle();
  for (const { id } of [made.once, made.disputed, monthly]) {
    await api(creator).marketplaceAgents.update({ params: { id }, body: { is_published: false } });
    await api(creator).marketplaceAgents.remove({ params: { id } });
  }
  const [once] = [await pay(pages[0]?.session_id ?? ""), await pay(pages[1]?.session_id ?? "")];
  await world.settle();
  const charge = [...world.stripe.account.charges.values()].find((c) => c.payment_intent === once.payment_intent);
  expect([charge?.refunded, activeOf(ada)]).toEqual([true, []]);
  await world.job("reconcile_payments");
  await world.settle();
  expect(activeOf(bob)).toEqual([]);
  world.stripe.account.closeDispute(dispute, "won");
  await world.settle();
  expect((await api(ada).billing.transactions({ query: {} })).items).toMatchObject([{ kind: "agent" }, { refunded_cents: 0 }]);
});

test("a creator without payouts sells nothing new, and can unpublish what they sell", async () => {
  const creator = await world.app.signUp();
  const agent = await world.agent({ creator: creator, cents: 500 });
  await buyOf(creator, agent.id);
  const change = (body: { is_published?: boolean; price_cents?: number }) =>
    outcome(api(creator).marketplaceAgents.update({ params: { id: agent.id }, body }));
  expect(await change({ price_cents: 600 })).toEqual([400, "payout_account_required"]);
  expect(await change({ is_published: false })).toBe(200);
  expect(await change({ is_published: true })).toEqual([400, "payout_account_required"]);
});

describe("an agent bought once and by the month", () => {
  const priced = (id: string, pricing: "one_time" | "monthly") =>
    world.rows("update agents set pricing_type = $2 where id = $1", [id, pricing]);
  const orderBoth = async (user: TestUser) => {
    const agent = await world.agent({ creator, cents: 800, monthly: true });
    const monthly = await buyOf(user, agent.id);
    await priced(agent.id, "one_time");
    const forever = await buyOf(user, agent.id);
    return { ...agent, monthly: monthly.session_id, forever: forever.session_id };
  };
  const subscriptionsOf = async (user: TestUser) =>
    (await api(user).purchases.subscriptions({ query: {} })).items.map(({ status }) => status);
  test("the one-time purchase ends the subscription and remains afterwards, whichever was paid first", async () => {
    for (const isMonthlyFirst of [true, false]) {
      const ada = await world.app.signUp();
      const agent = await orderBoth(ada);
      for (const session of isMonthlyFirst ? [agent.monthly, agent.forever] : [agent.forever, agent.monthly]) await pay(session);
      await world.settle();
      expect([activeOf(ada).length, await subscriptionsOf(ada), await isOwned(ada, agent.slug)]).toEqual([0, ["canceled"], true]);
      world.stripe.account.advance(31);
      await world.settle();
      expect(await isOwned(ada, agent.slug)).toBe(true);
      expect(await world.rows("select purchase_type from user_purchased_agents where agent_id = $1", [agent.id])).toEqual([
        { purchase_type: "one_time" },
      ]);
      const [forever] = await world.rows<{ key: string }>(
        "select key from payments where user_id = $1 and stripe_subscription_id is null",
        [ada.id],
      );
      world.stripe.account.refund(forever?.key ?? "");
      await world.settle();
      expect(await isOwned(ada, agent.slug)).toBe(false);
    }
  });

  test("can be bought once after an earlier purchase was refunded", async () => {
    const ada = await world.app.signUp();
    const agent = await orderBoth(ada);
    const first = await pay(agent.forever);
    world.stripe.account.refund(first.payment_intent ?? "");
    await settle();
    await pay(agent.monthly);
    // Only an expired agent can be bought again, so this session is older than the active month.
    const again = await pay(await expired(ada, agent.id));
    await world.settle();
    const charge = [...world.stripe.account.charges.values()].find((c) => c.payment_intent === again.payment_intent);
    expect([charge?.refunded, activeOf(ada).length, await isOwned(ada, agent.slug)]).toEqual([false, 0, true]);
  });
  /** A session for an agent that is in the library by the month. */
  const expired = async (user: TestUser, id: string) => {
    await world.rows("update user_purchased_agents set expires_at = now() where agent_id = $1", [id]);
    const { session_id } = await buyOf(user, id);
    await world.rows("update user_purchased_agents set expires_at = null where agent_id = $1", [id]);
    return session_id;
  };

  test("a won dispute restores the agent and the creator's share", async () => {
    const ada = await world.app.signUp();
    const agent = await world.agent({ creator, cents: 1500 });
    const { payment_intent } = await pay((await buyOf(ada, agent.id)).session_id);
    await world.settle();
    const { id } = world.stripe.account.dispute(payment_intent ?? "");
    await world.settle();
    const earned = async () => (await api(creator).creatorStudio.dashboard({ query: {} })).earnings.by_agent[agent.id]?.revenue_cents ?? 0;
    expect([await isOwned(ada, agent.slug), await earned()]).toEqual([false, 0]);
    world.stripe.account.closeDispute(id, "won");
    await world.settle();
    expect([await isOwned(ada, agent.slug), await earned()]).toEqual([true, 1350]);
    // The share was transferred, reversed, and can be paid out again.
    expect(await world.rows("select payout_status, reversed_at from marketplace_transactions where agent_id = $1", [agent.id])).toEqual([
      { payout_status: "pending", reversed_at: null },
    ]);
    await world.rows("update marketplace_transactions set created_at = now() - interval '8 days' where agent_id = $1", [agent.id]);
    expect(await api(creator).creatorStudio.payout({ body: {} })).toMatchObject({ amount_cents: 1350, status: "paid" });
  });
});

describe("a suspended creator", () => {
  test("is paid nothing until reinstated; pending amounts cannot be paid out manually", async () => {
    const [ada, root, creator] = [await world.app.signUp(), await world.app.signUp({ admin: true }), await world.app.signUp()];
    await api(creator).creatorStudio.connect();
    const account = (await api(creator).creatorStudio.dashboard({ query: {} })).payouts.account_id ?? "";
    world.stripe.account.completeOnboarding(account);
    const sent = () => transfers().filter(({ destination }) => destination === account);
    const agent = await world.agent({ creator: creator, cents: 2000 });
    const ordered = await buyOf(ada, agent.id);
    const suspend = (is_suspended: boolean) =>
      api(root).adminUsers.update({ params: { id: creator.id }, body: { is_suspended, reason: "Looking into it" } });
    await suspend(true);
    await pay(ordered.session_id);
    await world.settle();
    await world.job("sweep_transfers");
    expect(sent()).toEqual([]);
    const [payout] = await world.rows<{ id: string }>(
      "insert into creator_payouts (creator_id, amount_cents, transactions_count, status) values ($1, 1800, 1, 'processing') returning id",
      [creator.id],
    );
    await world.rows("update marketplace_transactions set payout_status = 'processing', payout_id = $1 where creator_id = $2", [
      payout?.id,
      creator.id,
    ]);
    await world.job("send_payout", { id: payout?.id });
    expect(sent()).toEqual([]);
    await world.rows("update creator_payouts set status = 'pending' where id = $1", [payout?.id]);
    const byHand = { params: { payout_id: payout?.id ?? "" }, body: { reason: "Bank transfer" } };
    expect(await outcome(api(root).adminPayouts.markPaid(byHand))).toEqual([409, "conflict"]);
    await world.rows("update creator_payouts set status = 'processing' where id = $1", [payout?.id]);
    await suspend(false);
    await world.job("send_payout", { id: payout?.id });
    expect(sent()).toMatchObject([{ amount: 1800 }]);
  });
});

test("a reversal of a share that Stripe refused is retried until it succeeds", async () => {
  const ada = await world.app.signUp();
  const agent = await world.agent({ creator, cents: 1100 });
  const { payment_intent } = await pay((await buyOf(ada, agent.id)).session_id);
  await world.settle();
  const own = () => transfers().find(({ metadata }) => metadata["agent_id"] === agent.id);
  world.stripe.trouble({ how: "refused", on: /POST .*reversals/ });
  world.stripe.account.refund(payment_intent ?? "");
  await world.settle();
  expect(own()).toMatchObject({ amount: 990, amount_reversed: 0 });
  world.stripe.trouble(undefined);
  await world.job("sweep_transfers");
  await world.settle();
  expect(own()).toMatchObject({ amount_reversed: 990 });
});

describe("ten concurrent requests", () => {
  test("spend ten credits: ten are taken, the rest is forgiven, the balance is never negative", () => spendAtOnce(world, 10));
  test("for the same pack and agent get one session each", () => buyAtOnce(world, creator, 10));
});

test("usage is summed by day, project, model and agent, and exported as CSV", async () => {
  const ada = await world.app.signUp();
  const project_id = crypto.randomUUID();
  for (const [n, day] of ["2026-03-01", "2026-03-01", "2026-03-02"].entries())
    await world.rows(
      `insert into usage_logs (user_id, project_id, model, tokens_input, tokens_output, cost_total, credits_deducted, created_at)
       values ($1, $2, $3, 10, 5, 1.5, 1, $4::timestamptz)`,
      [ada.id, n === 0 ? null : project_id, n === 0 ? "=cmd()" : "openai/gpt", `${day}T12:00:00Z`],
    );
  const window = { start_date: "2026-03-01T00:00:00Z", end_date: "2026-04-01T00:00:00Z" };
  const by = async (axis: "day" | "project" | "model" | "agent") =>
    (await api(ada).billing.usageGroups({ query: { by: axis, ...window } })).items.map((g) => [g.key, g.requests, g.cost_total_cents]);
  expect(await by("day")).toEqual([
    ["2026-03-01", 2, 3],
    ["2026-03-02", 1, 1.5],
  ]);
  expect(await by("project")).toEqual([
    [project_id, 2, 3],
    [null, 1, 1.5],
  ]);
  expect(await by("model")).toEqual([
    ["openai/gpt", 2, 3],
    ["=cmd()", 1, 1.5],
  ]);
  expect(await by("agent")).toEqual([[null, 3, 4.5]]);
  const csv = await world.app.request(`/api/billing/usage/export?${new URLSearchParams(window).toString()}`, { user: ada });
  expect(csv.headers.get("content-disposition")).toContain("usage.csv");
  const lines = (await csv.text()).trim().split("\r\n");
  expect([lines.length, lines.filter((line) => line.includes(`"'=cmd()"`)).length]).toEqual([4, 1]);
  expect((await (await world.app.request(`/api/billing/usage/export`, { user: creator })).text()).trim().split("\r\n")).toHaveLength(1);
});

test("the ledger balances and cannot be changed", async () => {
  expect(await ledgerViolations(world)).toEqual([]);
  for (const statement of ["update ledger_entries set amount_cents = 1", "delete from ledger_entries", "truncate ledger_entries"])
    await expect(world.rows(statement)).rejects.toThrow("append-only");
  await expect(world.rows("insert into ledger_entries (posting, account, amount_cents) values ('x', 'revenue', 5)")).rejects.toThrow(
    "sum to zero",
  );
});
