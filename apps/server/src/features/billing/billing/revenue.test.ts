import { afterAll, beforeAll, expect, test } from "vitest";
import { billingApp, ledgerViolations, type BillingApp } from "../../../testing/billing.ts";
import type { TestUser } from "../../../testing/app.ts";

let world: BillingApp;
let root: TestUser;
beforeAll(async () => {
  world = await billingApp({ env: { PAYOUTS: "manual", PAYOUT_HOLD_DAYS: "0" } });
  root = await world.app.signUp({ admin: true });
});
afterAll(() => world.close());

const api = (user: TestUser) => world.app.as(user);
const month = new Date().toISOString().slice(0, 7);
const fee = (cents: number) => Math.round(cents * 0.029) + 30;

test("administrators see payments, refunds, creators' shares, fees and payouts of each month, and export them", async () => {
  const [ada, creator] = [await world.app.signUp(), await world.app.signUp({ name: "Maker" })];
  const empty = await api(root).adminRevenue.get({ query: {} });
  expect([empty.months.length, empty.months.at(-1)?.month, empty.totals.gross_cents]).toEqual([12, month, 0]);

  const { session_id: plan } = await api(ada).billing.checkout({ body: { tier: "pro", billing_interval: "annual" } });
  await world.pay(plan);
  await world.pay((await api(ada).billing.purchaseCredits({ body: { package: "medium" } })).session_id);
  await world.pay((await api(ada).billing.purchaseDeploySlot()).session_id);
  const agent = await world.agent({ creator, cents: 1000 });
  await world.pay((await world.requestPurchase(ada, agent.id)).session_id);
  const monthly = await world.agent({ creator, cents: 700, monthly: true });
  await world.pay((await world.requestPurchase(ada, monthly.id)).session_id);
  const bob = await world.app.signUp();
  const refunded = await world.pay((await world.requestPurchase(bob, agent.id)).session_id);
  world.stripe.account.refund(refunded.payment_intent ?? "");
  await world.settle();
  const { id: payout_id } = await api(creator).creatorStudio.payout({ body: { amount_cents: 1530 } });
  await api(root).adminPayouts.markPaid({ params: { payout_id }, body: { reason: "Bank transfer" } });

  const before = (await api(root).adminRevenue.get({ query: {} })).totals;
  expect(before).toMatchObject({ payments: 6, fees_missing: 6, fees_cents: 0 });
  await world.job("read_payment_fees");
  const { months, totals } = await api(root).adminRevenue.get({ query: {} });
  const fees = [49_000, 2500, 1000, 1000, 700, 1000].reduce((all, cents) => all + fee(cents), 0);
  const expected = {
    plans_cents: 49_000,
    credits_cents: 2500,
    deploy_slots_cents: 1000,
    agents_cents: 2700,
    bases_cents: 0,
    gross_cents: 55_200,
    refunds_cents: 1000,
    creator_shares_cents: 1530,
    fees_cents: fees,
    net_cents: 55_200 - 1000 - 1530 - fees,
    payouts_cents: 1530,
    payments: 6,
    fees_missing: 0,
  };
  expect(months.at(-1)).toEqual({ month, ...expected });
  expect(totals).toEqual(expected);
  expect(months.slice(0, -1).every(({ gross_cents, payments }) => gross_cents === 0 && payments === 0)).toBe(true);
  // The overview of the admin console has the same books.
  expect((await api(root).adminMetrics.overview({ query: {} })).revenue).toMatchObject({ paid_cents: 55_200, refunded_cents: 1000 });

  const { items, total } = await api(root).adminRevenue.payments({ query: {} });
  expect([total, items[0]]).toEqual([
    6,
    expect.objectContaining({
      kind: "agent",
      item: agent.slug,
      user_email: bob.email,
      amount_cents: 1000,
      refunded_cents: 1000,
      creator_share_cents: 900,
      fee_cents: 59,
    }),
  ]);
  expect(items.at(-1)).toMatchObject({
    kind: "subscription",
    tier: "pro",
    billing_interval: "annual",
    amount_cents: 49_000,
    user_id: ada.id,
  });
  expect((await api(root).adminRevenue.payments({ query: { kind: "credits" } })).items.map(({ amount_cents }) => amount_cents)).toEqual([
    2500,
  ]);

  const csv = async (query: string) => {
    const response = await world.app.request(`/api/admin/revenue/export${query}`, { user: root });
    expect(response.headers.get("content-type")).toContain("text/csv");
    return (await response.text()).trim().split("\r\n");
  };
  const byMonth = await csv(`?from=${month}&to=${month}`);
  expect(byMonth).toEqual([expect.stringMatching(/^month,plans_cents,/), `"${month}",${Object.values(expected).join(",")}`]);
  const byPayment = await csv("?of=payments");
  expect(byPayment).toHaveLength(7);
  expect(byPayment[1]).toContain(",49000,0,0,");
  expect(await ledgerViolations(world)).toEqual([]);
});

test("a payment says what it is for; its documents are at Stripe; strangers get 404", async () => {
  const [ada, bob] = [await world.app.signUp(), await world.app.signUp()];
  const { session_id } = await api(ada).billing.checkout({ body: { tier: "basic", billing_interval: "annual" } });
  await world.pay(session_id);
  await world.pay((await api(ada).billing.purchaseCredits({ body: { package: "small" } })).session_id);
  const { items } = await api(ada).billing.transactions({ query: {} });
  const [credits, plan] = items;
  expect(credits).toMatchObject({ kind: "credits", tier: null, billing_interval: null, period_start: null });
  expect(plan).toMatchObject({ kind: "subscription", tier: "basic", billing_interval: "annual" });
  const days = (Date.parse(plan?.period_end ?? "") - Date.parse(plan?.period_start ?? "")) / 86_400_000;
  expect(days).toBe(365);
  const params = { id: plan?.id ?? "" };
  expect(await api(ada).billing.transaction({ params })).toEqual(plan);
  expect(await api(ada).billing.documents({ params })).toEqual({
    receipt_url: null,
    invoice_url: expect.stringMatching(/^https:\/\/invoice\.stripe\.com\//),
    invoice_pdf_url: expect.stringMatching(/pdf$/),
  });
  expect(await api(ada).billing.documents({ params: { id: credits?.id ?? "" } })).toMatchObject({
    receipt_url: expect.stringMatching(/receipts/),
    invoice_pdf_url: null,
  });
  for (const path of ["", "/documents"]) {
    const url = `/api/billing/transactions/${params.id}${path}`;
    expect([(await world.app.request(url, { user: bob })).status, (await world.app.request(url)).status]).toEqual([404, 401]);
  }
  expect((await world.app.request("/api/billing/transactions/nothing", { user: ada })).status).toBe(422);
});

test("a renewal is paid for its own period", async () => {
  const ada = await world.app.signUp();
  await world.buyPlan(ada, "pro");
  world.stripe.account.advance(31);
  await world.settle();
  const [renewal, first] = (await api(ada).billing.transactions({ query: {} })).items;
  expect(renewal).toMatchObject({ tier: "pro", billing_interval: "monthly", period_start: first?.period_end });
});

test("only administrators see revenue; wrong periods are 422", async () => {
  const ada = await world.app.signUp();
  for (const path of ["", "/payments", "/export"]) {
    const url = `/api/admin/revenue${path}`;
    expect([(await world.app.request(url)).status, (await world.app.request(url, { user: ada })).status]).toEqual([401, 403]);
    for (const query of ["?from=2026-13", "?from=2026-05&to=2026-04", "?from=2000-01&to=2026-01", "?of=nothing"])
      expect([path, query, (await world.app.request(url + query, { user: root })).status]).toEqual([path, query, 422]);
  }
});
