import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStripe, stripeEnv } from "@tesslate/testkit";
import { testApp, type TestUser } from "../../../testing/app.ts";
import { settings } from "../../../settings/index.ts";
import { settingsOf } from "../../../settings/kinds.ts";
import { billingApp, ledgerViolations, type BillingApp } from "../../../testing/billing.ts";
import { eventTypes } from "./stripe-webhooks.ts";

let world: BillingApp;
beforeAll(async () => {
  world = await billingApp();
});
afterAll(() => world.close());

const post = async (path: string, user?: Pick<TestUser, "token">, json: unknown = {}) => {
  const response = await world.app.request(path, { method: "POST", ...(user && { user }), json });
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown> & {
    code?: string;
    checkout_url: string;
    session_id: string;
  };
  return { http: response.status, ...body };
};
const api = (user: TestUser) => world.app.as(user);
const settle = () => world.stripe.settle();

describe("without Stripe", () => {
  test("reads work, payments answer 503, and there are no limits", async () => {
    await using bare = await testApp({ env: { TIER_MAX_PROJECTS_FREE: "" } });
    const ada = await bare.signUp();
    const config = await bare.as().billing.config();
    expect(config).toMatchObject({ is_enabled: false, publishable_key: null, signup_bonus_credits: 15_000, deploy_slot_price_cents: 1000 });
    expect(config.tiers.map((t) => [t.tier, t.price_cents, t.intervals, t.max_projects, t.max_deploys, t.byok_enabled])).toEqual([
      ["free", 0, [], null, null, true],
      ["basic", 2000, [], null, null, true],
      ["pro", 4900, [], null, null, true],
      ["ultra", 14_900, [], null, null, true],
    ]);
    expect(await bare.as(ada).billing.subscription()).toMatchObject({ tier: "free", is_active: false, max_projects: null, status: null });
    expect(await bare.as(ada).billing.transactions({ query: {} })).toMatchObject({ items: [], total: 0 });
    expect(await bare.as(ada).purchases.subscriptions({ query: {} })).toMatchObject({ items: [], total: 0 });
    const session_id = "cs_test_1";
    for (const [path, json] of [
      ["billing/checkout", {}],
      ["billing/portal", {}],
      ["billing/credits/purchase", { package: "small" }],
      ["billing/deploy-slots", {}],
      ["billing/cancel", {}],
      ["billing/renew", {}],
      ["billing/verify-checkout", { session_id }],
      ["marketplace/verify-purchase", { session_id }],
      ["creators/connect", {}],
      ["creators/payout", {}],
      ["webhooks/stripe", {}],
    ] as const) {
      const response = await bare.request(`/api/${path}`, { method: "POST", user: ada, json });
      expect([path, response.status, ((await response.json()) as { code: string }).code]).toEqual([path, 503, "payments_not_configured"]);
    }
    expect(((await (await bare.request("/api/config")).json()) as { features: { stripe: boolean } }).features.stripe).toBe(false);
  });
});

test("the operator configures allowances, prices and the public plans", async () => {
  await using stripe = await startStripe();
  await using other = await testApp({
    env: {
      ...stripeEnv(stripe),
      DAILY_CREDITS: "7",
      SIGNUP_BONUS_CREDITS: "100",
      SIGNUP_BONUS_DAYS: "10",
      CREDIT_PACKAGES_CENTS: "100,200,300,400",
      LOW_BALANCE_PERCENT: "50",
      CREATOR_SHARE_PERCENT: "70",
      TIER_SUPPORT: "forum,email,phone,butler",
    },
  });
  const ada = await other.signUp();
  const config = await other.as().billing.config();
  expect(config).toMatchObject({ signup_bonus_credits: 100, signup_bonus_days: 10, creator_share: 0.7 });
  expect(config.packages.map((pack) => [pack.id, pack.credits, pack.price_cents])).toEqual([
    ["small", 100, 100],
    ["medium", 200, 200],
    ["large", 300, 300],
    ["team", 400, 400],
  ]);
  expect(config.tiers.map((tier) => [tier.daily_credits, tier.support_tier])).toEqual([
    [7, "forum"],
    [0, "email"],
    [0, "phone"],
    [0, "butler"],
  ]);
  expect((await other.as(ada).billing.subscription()).support_tier).toBe("forum");
  const credits = await other.as(ada).billing.credits();
  expect(credits).toMatchObject({ daily_credits: 7, signup_bonus_credits: 100 });
  expect(Math.round((Date.parse(credits.signup_bonus_expires_at ?? "") - Date.now()) / 86_400_000)).toBe(10);
  const { session_id } = await other.as(ada).billing.purchaseCredits({ body: { package: "large" } });
  expect(stripe.account.sessions.get(session_id)?.amount_total).toBe(300);
  const { session_id: plan } = await other.as(ada).billing.checkout({ body: { tier: "ultra" } });
  stripe.account.pay(plan);
  await other.as(ada).billing.verifyCheckout({ body: { session_id: plan } });
  expect((await other.as(ada).billing.subscription()).support_tier).toBe("butler");
  expect((await other.as(ada).billing.credits()).threshold).toBe(4000);
  expect((await other.as(ada).creatorStudio.dashboard({ query: {} })).revenue_share).toBe(0.7);
});

test("anonymous callers get 401, bad bodies 422", async () => {
  const ada = await world.app.signUp();
  const id = crypto.randomUUID();
  for (const path of ["checkout", "portal", "credits/purchase", "deploy-slots", "cancel", "renew", "verify-checkout"])
    expect([path, (await post(`/api/billing/${path}`)).http]).toEqual([path, 401]);
  for (const path of ["subscription", "transactions", "usage", "usage/groups?by=day", "usage/export", "credits/events"])
    expect([path, (await world.app.request(`/api/billing/${path}`)).status]).toEqual([path, 401]);
  for (const path of [
    "marketplace/verify-purchase",
    `marketplace/subscriptions/${id}/cancel`,
    `marketplace/subscriptions/${id}/renew`,
    "creators/connect",
  ])
    expect([path, (await post(`/api/${path}`)).http]).toEqual([path, 401]);
  for (const [path, json] of [
    ["billing/checkout", { tier: "free" }],
    ["billing/checkout", { billing_interval: "weekly" }],
    ["billing/credits/purchase", {}],
    ["billing/credits/purchase", { package: "huge" }],
    ["billing/verify-checkout", {}],
    ["billing/verify-checkout", { session_id: "../secret" }],
    ["marketplace/verify-purchase", { session_id: 7 }],
    ["billing/cancel", { at_period_end: "maybe" }],
    ["marketplace/subscriptions/nothing/cancel", {}],
  ] as const)
    expect([path, json, (await post(`/api/${path}`, ada, json)).http]).toEqual([path, json, 422]);
  for (const query of ["by=month", "by=day&start_date=yesterday", ""])
    expect((await world.app.request(`/api/billing/usage/groups?${query}`, { user: ada })).status).toBe(422);
  expect(await post(`/api/marketplace/subscriptions/${id}/cancel`, ada)).toMatchObject({ http: 404, code: "not_found" });
  expect(await post("/api/billing/verify-checkout", ada, { session_id: "cs_test_none" })).toMatchObject({ http: 404 });
});

describe("a plan", () => {
  test("starts with the payment, sets tier, allowance and limits, and can be cancelled and resumed", async () => {
    const ada = await world.app.signUp();
    expect(await post("/api/billing/portal", ada)).toMatchObject({ http: 400, code: "no_stripe_customer" });
    const checkout = await api(ada).billing.checkout({ body: {} });
    expect(checkout.checkout_url).toContain(world.stripe.url);
    const session = world.stripe.account.sessions.get(checkout.session_id);
    expect(session).toMatchObject({
      metadata: { user_id: ada.id, type: "subscription", tier: "pro", billing_interval: "monthly", price_id: "price_pro_month" },
      success_url: `${world.app.config.http.appBaseUrl}/settings/billing?success=true&session_id={CHECKOUT_SESSION_ID}`,
    });
    expect(await api(ada).billing.verifyCheckout({ body: { session_id: checkout.session_id } })).toEqual({ status: "pending" });
    expect((await api(ada).billing.subscription()).tier).toBe("free");
    // The user pays on the page, and their browser is redirected back.
    const back = await fetch(`${checkout.checkout_url}/complete`, { method: "POST", redirect: "manual" });
    expect(back.headers.get("location")).toContain(`session_id=${checkout.session_id}`);
    expect(await api(ada).billing.verifyCheckout({ body: { session_id: checkout.session_id } })).toEqual({ status: "fulfilled" });
    const plan = await api(ada).billing.subscription();
    expect(plan).toMatchObject({
      tier: "pro",
      is_active: true,
      status: "active",
      billing_interval: "monthly",
      cancel_at_period_end: false,
      max_deploys: 5,
      bundled_credits: 2000,
      monthly_allowance: 2000,
      daily_credits: 0,
      byok_enabled: true,
      support_tier: "priority",
    });
    expect(Date.parse(plan.current_period_end ?? "") - Date.parse(plan.current_period_start ?? "")).toBe(30 * 86_400_000);
    await settle();
    expect(await api(ada).billing.subscription()).toEqual(plan);
    expect(await post("/api/billing/checkout", ada, { tier: "ultra" })).toMatchObject({ http: 400, code: "already_subscribed" });
    expect((await api(ada).billing.portal()).portal_url).toContain("/portal/cus_");
    expect(await api(ada).billing.cancel({ body: {} })).toMatchObject({
      tier: "pro",
      cancel_at_period_end: true,
      cancel_at: plan.current_period_end,
    });
    expect(await api(ada).billing.renew()).toMatchObject({ tier: "pro", cancel_at_period_end: false, cancel_at: null });
    expect(await api(ada).billing.cancel({ body: { at_period_end: false } })).toMatchObject({
      tier: "free",
      subscription_id: null,
      bundled_credits: 0,
      daily_credits: 5,
      support_tier: "community",
    });
    expect(await post("/api/billing/cancel", ada)).toMatchObject({ http: 400, code: "no_subscription" });
    // The old session was fulfilled already; verifying it again changes nothing.
    expect(await api(ada).billing.verifyCheckout({ body: { session_id: checkout.session_id } })).toEqual({ status: "fulfilled" });
    await settle();
    expect(await api(ada).billing.subscription()).toMatchObject({ tier: "free", bundled_credits: 0 });
    expect((await api(ada).billing.transactions({ query: {} })).items).toMatchObject([
      { kind: "subscription", status: "completed", amount_cents: 4900 },
    ]);
    const eve = await world.app.signUp();
    expect(await post("/api/billing/verify-checkout", eve, { session_id: checkout.session_id })).toMatchObject({ http: 404 });
  });

  test("follows changes in the portal: upgrade, downgrade, renewal, failed payment, later payment, cancellation", async () => {
    const ada = await world.app.signUp();
    await world.buyPlan(ada, "basic");
    const id = (await api(ada).billing.subscription()).subscription_id ?? "";
    const { account } = world.stripe;
    const plan = async () => {
      await settle();
      const { tier, bundled_credits, status } = await api(ada).billing.subscription();
      return [tier, bundled_credits, status];
    };
    expect(await plan()).toEqual(["basic", 500, "active"]);
    account.changePlan(id, "price_ultra_month");
    expect(await plan()).toEqual(["ultra", 8000, "active"]);
    account.changePlan(id, "price_basic_month");
    expect(await plan()).toEqual(["basic", 8000, "active"]);
    // Upgrading again adds no credits that were not paid for.
    await world.rows("update users set bundled_credits = 3 where id = $1", [ada.id]);
    account.changePlan(id, "price_ultra_month");
    expect(await plan()).toEqual(["ultra", 3, "active"]);
    account.changePlan(id, "price_basic_month");
    expect(await plan()).toEqual(["basic", 3, "active"]);
    account.advance(31);
    expect(await plan()).toEqual(["basic", 500, "active"]);
    account.decline(true);
    account.advance(30);
    expect(await plan()).toEqual(["basic", 500, "past_due"]);
    const [mail] = await world.rows<{ recipient: string }>("select recipient from emails where recipient = $1 and kind = 'notice'", [
      ada.email,
    ]);
    expect(mail?.recipient).toBe(ada.email);
    // An event of the failure that arrives after the payment sends no notice.
    account.advance(30);
    const [late] = world.stripe.waiting.splice(0).filter(({ type }) => type === "invoice.payment_failed");
    account.decline(false);
    account.advance(30);
    expect(await plan()).toEqual(["basic", 500, "active"]);
    expect(await world.stripe.deliver(late ? [late] : [])).toEqual([200]);
    expect(await world.rows("select id from emails where recipient = $1 and kind = 'notice'", [ada.email])).toHaveLength(1);
    await world.rows("update users set purchased_credits = 7 where id = $1", [ada.id]);
    account.end(id);
    expect(await plan()).toEqual(["free", 0, null]);
    expect((await api(ada).billing.credits()).purchased_credits).toBe(7);
    await world.rows("update users set purchased_credits = 0 where id = $1", [ada.id]);
  });
});

describe("a plan whose price is no longer configured", () => {
  const withPrice = async (user: TestUser) => {
    const { account } = world.stripe;
    const id = (await api(user).billing.subscription()).subscription_id ?? "";
    account.update(id, {});
    await settle();
    return (await api(user).billing.subscription()).tier;
  };
  test("keeps the tier it was sold as or was changed to since", async () => {
    const [ada, bob] = [await world.app.signUp(), await world.app.signUp()];
    await world.buyPlan(ada, "pro");
    await world.buyPlan(bob, "pro");
    const { account } = world.stripe;
    account.changePlan((await api(bob).billing.subscription()).subscription_id ?? "", "price_ultra_month");
    await settle();
    const { prices } = world.app.config.billing.stripe ?? { prices: undefined };
    if (!prices) throw new Error("no prices");
    const before = structuredClone(prices);
    try {
      // The operator raises both prices: new prices at Stripe, new ids in the settings.
      prices.pro.monthly = account.addPrice({ unit_amount: 5900, interval: "month" }).id;
      prices.ultra.monthly = account.addPrice({ unit_amount: 15_900, interval: "month" }).id;
      expect([await withPrice(ada), await withPrice(bob)]).toEqual(["pro", "ultra"]);
      expect(await api(ada).billing.subscription()).toMatchObject({ bundled_credits: 2000, support_tier: "priority" });
      // The same if only the subscription's own metadata is known.
      await world.rows("delete from subscriptions where user_id = $1", [ada.id]);
      expect(await withPrice(ada)).toBe("pro");
    } finally {
      Object.assign(prices.pro, before.pro);
      Object.assign(prices.ultra, before.ultra);
    }
  });
});

test("daily credits are granted once a day, including the first day", async () => {
  const ada = await world.app.signUp();
  const daily = async () => (await api(ada).billing.credits()).daily_credits;
  const spent = () => world.rows("update users set daily_credits = 1 where id = $1", [ada.id]);
  expect(await daily()).toBe(5);
  await spent();
  await world.job("refresh_credits");
  expect(await daily()).toBe(1);
  await world.rows("update users set daily_credits_reset_at = date_trunc('day', now(), 'UTC') - interval '1 second' where id = $1", [
    ada.id,
  ]);
  await world.job("refresh_credits");
  expect(await daily()).toBe(5);
  // After the end of a plan the user has today's daily credits.
  await world.buyPlan(ada, "basic");
  await world.rows("update users set daily_credits_reset_at = now() - interval '3 days' where id = $1", [ada.id]);
  world.stripe.account.end((await api(ada).billing.subscription()).subscription_id ?? "");
  await settle();
  expect(await daily()).toBe(5);
  await spent();
  await world.job("refresh_credits");
  expect(await daily()).toBe(1);
});

test("a renewal of 0 USD grants its allowance once", async () => {
  const ada = await world.app.signUp();
  await world.buyPlan(ada, "basic");
  const { account } = world.stripe;
  account.coupon((await api(ada).billing.subscription()).subscription_id ?? "");
  await world.rows("update users set bundled_credits = 3 where id = $1", [ada.id]);
  account.advance(31);
  const events = world.stripe.waiting.splice(0);
  expect(new Set(await world.stripe.deliver(events, { copies: 3 }))).toEqual(new Set([200]));
  expect((await api(ada).billing.credits()).bundled_credits).toBe(500);
  await world.rows("update users set bundled_credits = 3 where id = $1", [ada.id]);
  expect(new Set(await world.stripe.deliver(events))).toEqual(new Set([200]));
  await world.job("reconcile_payments");
  expect((await api(ada).billing.credits()).bundled_credits).toBe(3);
});

describe("credits", () => {
  test("are granted once when they are paid, and removed in proportion to a refund", async () => {
    const ada = await world.app.signUp();
    const first = await api(ada).billing.purchaseCredits({ body: { package: "medium" } });
    expect(await api(ada).billing.purchaseCredits({ body: { package: "medium" } })).toEqual(first);
    const paid = world.stripe.account.pay(first.session_id);
    const events = world.stripe.waiting.splice(0);
    expect(new Set(await world.stripe.deliver(events, { copies: 50 }))).toEqual(new Set([200]));
    await Promise.all(Array.from({ length: 20 }, () => api(ada).billing.verifyCheckout({ body: { session_id: first.session_id } })));
    expect((await api(ada).billing.credits()).purchased_credits).toBe(2500);
    expect(await world.rows("select total_spend_cents from users where id = $1", [ada.id])).toEqual([{ total_spend_cents: 2500 }]);
    expect((await api(ada).billing.purchaseCredits({ body: { package: "medium" } })).session_id).not.toBe(first.session_id);
    world.stripe.account.refund(paid.payment_intent ?? "", 500);
    await settle();
    expect((await api(ada).billing.credits()).purchased_credits).toBe(2000);
    world.stripe.account.dispute(paid.payment_intent ?? "");
    await settle();
    expect((await api(ada).billing.credits()).purchased_credits).toBe(0);
    expect((await api(ada).billing.transactions({ query: {} })).items).toMatchObject([
      { kind: "credits", status: "refunded", amount_cents: 2500, refunded_cents: 2500, credits: 2500 },
    ]);
  });

  test("are restored when a dispute is won, as many as it removed", async () => {
    const ada = await world.app.signUp();
    const { session_id } = await api(ada).billing.purchaseCredits({ body: { package: "medium" } });
    const { payment_intent } = await world.pay(session_id);
    const { account } = world.stripe;
    account.refund(payment_intent ?? "", 500);
    await settle();
    // 800 of the remaining 2000 were spent before the dispute took the money.
    await world.rows(
      `with spent as (update users set purchased_credits = 1200 where id = $1)
       insert into ledger_entries (posting, account, user_id, amount_cents)
       values ('usage:' || $1::text, 'credits', $1::uuid, 800), ('usage:' || $1::text, 'revenue', null, -800)`,
      [ada.id],
    );
    const of = async () => {
      const { items } = await api(ada).billing.transactions({ query: {} });
      return [(await api(ada).billing.credits()).purchased_credits, items[0]?.refunded_cents];
    };
    const { id } = account.dispute(payment_intent ?? "");
    await settle();
    expect(await of()).toEqual([0, 2500]);
    account.closeDispute(id, "won");
    const [won] = world.stripe.waiting.splice(0);
    if (!won) throw new Error("no webhook");
    expect(new Set(await world.stripe.deliver([won], { copies: 3 }))).toEqual(new Set([200]));
    expect(await of()).toEqual([1200, 500]);
    expect(await world.rows("select total_spend_cents from users where id = $1", [ada.id])).toEqual([{ total_spend_cents: 2000 }]);

    // The events in reverse order, and a lost dispute.
    const bob = await world.app.signUp();
    const paid = await world.pay((await api(bob).billing.purchaseCredits({ body: { package: "small" } })).session_id);
    account.closeDispute(account.dispute(paid.payment_intent ?? "").id, "won");
    expect(await world.stripe.deliver(world.stripe.waiting.splice(0).toReversed())).toEqual([200, 200]);
    expect((await api(bob).billing.credits()).purchased_credits).toBe(500);
    const eve = await world.app.signUp();
    const lost = await world.pay((await api(eve).billing.purchaseCredits({ body: { package: "small" } })).session_id);
    account.closeDispute(account.dispute(lost.payment_intent ?? "").id, "lost");
    await settle();
    expect((await api(eve).billing.credits()).purchased_credits).toBe(0);
  });

  test("payments of a wrong amount grant nothing; a refund that arrives first counts", async () => {
    const ada = await world.app.signUp();
    const cheap = await api(ada).billing.purchaseCredits({ body: { package: "team" } });
    world.stripe.account.pay(cheap.session_id, { amount: 100 });
    await settle();
    expect((await api(ada).billing.credits()).purchased_credits).toBe(0);
    expect(world.app.logs()).toContain("paid amount differs from the agreed price");
    const small = await api(ada).billing.purchaseCredits({ body: { package: "small" } });
    const paid = world.stripe.account.pay(small.session_id);
    world.stripe.account.refund(paid.payment_intent ?? "");
    const events = world.stripe.waiting.splice(0).toReversed();
    expect(await world.stripe.deliver(events)).toEqual(events.map(() => 200));
    expect((await api(ada).billing.credits()).purchased_credits).toBe(0);
    expect((await api(ada).billing.transactions({ query: {} })).items).toMatchObject([{ status: "refunded" }]);
  });

  test("a deploy slot allows one more always-on project", async () => {
    const ada = await world.app.signUp();
    const { session_id } = await api(ada).billing.purchaseDeploySlot();
    world.stripe.account.pay(session_id);
    await settle();
    expect(await api(ada).billing.subscription()).toMatchObject({ purchased_deploy_slots: 1, max_deploys: 2 });
    expect((await api(ada).hosting.limits()).deploys).toEqual({ used: 0, limit: 2 });
  });
});

test("the settings list every handled event type; keys without billing log a warning at start", async () => {
  const description = settingsOf(settings).find(({ env }) => env === "STRIPE_WEBHOOK_SECRET")?.description ?? "";
  expect([...description.matchAll(/[a-z_]+(?:\.[a-z_]+)+/g)].map(([name]) => name)).toEqual([...eventTypes]);
  expect(world.app.logs().includes("BILLING_ENABLED is false")).toBe(false);
  await using sold = await testApp({ env: { ...stripeEnv(world.stripe), BILLING_ENABLED: "false" } });
  expect(sold.logs().includes("STRIPE_SECRET_KEY is set but BILLING_ENABLED is false")).toBe(true);
});

describe("a webhook", () => {
  const send = (body: string, headers: Record<string, string>) =>
    world.app.request("/api/webhooks/stripe", { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  test("requires a recent signature over its bytes; unhandled event types are accepted", async () => {
    const body = JSON.stringify({ id: "evt_1", object: "event", type: "product.created", created: 1, data: { object: {} } }, null, 2);
    const signed = (options = {}) => ({ "stripe-signature": world.stripe.sign(body, options) });
    for (const headers of [{}, { "stripe-signature": "t=1,v1=00" }, signed({ secret: "whsec_other" }), signed({ ageSeconds: 400 })]) {
      const response = await send(body, headers);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, "invalid_signature"]);
    }
    expect((await send(`${body} `, signed())).status).toBe(400);
    const taken = await send(body, signed());
    expect([taken.status, await taken.json()]).toEqual([200, { received: true }]);
  });
  test("of an invoice renews a plan in every API version", async () => {
    const { account } = world.stripe;
    const ada = await world.app.signUp();
    await world.buyPlan(ada, "pro");
    await settle();
    const allowance = (await api(ada).billing.credits()).bundled_credits;
    expect(allowance).toBeGreaterThan(0);
    for (const api_version of ["2020-08-27", "2024-06-20", "2025-03-31.basil", "2026-10-28.endive"]) {
      await world.rows("update users set bundled_credits = 1 where id = $1", [ada.id]);
      account.advance(31);
      const events = world.stripe.waiting.splice(0).map((event) => {
        const { parent, ...invoice } = event.data.object as { parent?: { subscription_details?: { subscription: string } } };
        // Until 2025-03-31 the subscription was a field of the invoice itself.
        const object =
          parent && api_version < "2025-03-31" ? { ...invoice, subscription: parent.subscription_details?.subscription } : undefined;
        return { ...event, api_version, ...(object && { data: { object } }) };
      });
      expect(new Set(await world.stripe.deliver(events))).toEqual(new Set([200]));
      expect([api_version, (await api(ada).billing.credits()).bundled_credits]).toEqual([api_version, allowance]);
    }
  });
  test("about an object that Stripe does not have is refused and logged; one that no retry can fix is accepted and logged", async () => {
    const event = (type: string, object: object) => ({
      ...world.stripe.account.events[0],
      id: `evt_${crypto.randomUUID()}`,
      type,
      data: { object },
    });
    const deliver = async (type: string, object: object) => (await world.stripe.deliver([event(type, object) as never]))[0];
    expect(await deliver("invoice.payment_succeeded", { id: "in_elsewhere", object: "invoice" })).toBe(502);
    expect(await deliver("invoice.payment_failed", { id: "in_elsewhere", object: "invoice" })).toBe(502);
    expect(await deliver("customer.subscription.updated", { id: "sub_elsewhere", object: "subscription" })).toBe(502);
    expect(world.app.logs().includes("Stripe has no invoice in_elsewhere")).toBe(true);
    expect(await deliver("invoice.payment_succeeded", { object: "invoice" })).toBe(200);
    expect(await deliver("invoice.paid", { id: "in_elsewhere", object: "invoice" })).toBe(200);
    expect(world.app.logs().includes("no handler for this type")).toBe(true);
  });
  test("that cannot be processed is refused, so that Stripe sends it again", async () => {
    const ada = await world.app.signUp();
    const { session_id } = await api(ada).billing.checkout({ body: { tier: "basic" } });
    world.stripe.account.pay(session_id);
    world.stripe.trouble({ how: 500, on: /subscriptions/ });
    const events = world.stripe.waiting.splice(0);
    const statuses = await world.stripe.deliver(events);
    expect(statuses).toContain(502);
    world.stripe.trouble(undefined);
    expect((await api(ada).billing.subscription()).tier).toBe("free");
    expect(new Set(await world.stripe.deliver(events))).toEqual(new Set([200]));
    expect((await api(ada).billing.subscription()).tier).toBe("basic");
  });
  test("of another application in the same account is accepted and changes nothing", async () => {
    const { account } = world.stripe;
    const ada = await world.app.signUp();
    const customer = account.createCustomer({}).id;
    const sell = (mode: "payment" | "subscription", metadata: Record<string, string>) => {
      const price_data = { currency: "usd", unit_amount: "700", ...(mode === "subscription" && { recurring: { interval: "month" } }) };
      const lines = { line_items: [{ quantity: "1", price_data }], metadata, subscription_data: { metadata } };
      return account.pay(account.createSession({ mode, customer, success_url: "http://elsewhere/back", ...lines }).id);
    };
    const [unknown, garbage] = [crypto.randomUUID(), "customer-4711"];
    const foreign: Record<string, string>[] = [
      {},
      { user_id: garbage },
      { user_id: garbage, type: "subscription" },
      { user_id: garbage, type: "credit_purchase", amount_cents: "700" },
      { user_id: unknown, type: "agent_purchase", agent_id: unknown },
      { user_id: unknown, type: "agent_purchase", agent_id: garbage },
      { user_id: ada.id, type: "agent_purchase", agent_id: garbage },
      { user_id: ada.id, type: "base_purchase" },
      { user_id: ada.id, type: "constructor" },
      { user_id: ada.id, type: "membership" },
      { user_id: ada.id },
    ];
    for (const metadata of foreign) {
      const once = sell("payment", metadata);
      sell("subscription", metadata);
      account.refund(once.payment_intent ?? "");
    }
    account.decline(true);
    account.advance(31);
    account.decline(false);
    account.advance(31);
    const events = world.stripe.waiting.splice(0);
    expect(new Set(await world.stripe.deliver(events))).toEqual(new Set([200]));
    expect(await api(ada).billing.subscription()).toMatchObject({ tier: "free", subscription_id: null, purchased_credits: 0 });
    expect((await api(ada).billing.transactions({ query: {} })).total).toBe(0);
    for (const own of account.subscriptions.values()) if (own.customer === customer) account.end(own.id);
    await settle();
  });
  test("of a creator's own account, or of credits with another price, grants nothing", async () => {
    const ada = await world.app.signUp();
    const { session_id } = await api(ada).billing.purchaseCredits({ body: { package: "small" } });
    const session = world.stripe.account.pay(session_id);
    const [paid] = world.stripe.waiting.splice(0).filter(({ type }) => type === "checkout.session.completed");
    if (!paid) throw new Error("no webhook");
    const priced = (amount: { amount_cents?: string }) => {
      const id = `cs_${crypto.randomUUID().replaceAll("-", "")}`;
      const metadata = { user_id: ada.id, type: "credit_purchase", ...amount };
      return { ...paid, id: `evt_${id}`, data: { object: { ...session, id, payment_intent: `pi_${id}`, metadata } } };
    };
    const elsewhere = { ...paid, id: "evt_elsewhere", account: "acct_creator" };
    expect(await world.stripe.deliver([elsewhere, priced({}), priced({ amount_cents: "5oo" })])).toEqual([200, 200, 200]);
    expect((await api(ada).billing.credits()).purchased_credits).toBe(0);
    await world.stripe.deliver([paid]);
    expect((await api(ada).billing.credits()).purchased_credits).toBe(500);
  });
  test("is accepted within the clock tolerance", async () => {
    const body = JSON.stringify({ id: "evt_2", object: "event", type: "product.created", created: 1, data: { object: {} } });
    const at = async (ageSeconds: number) => (await send(body, { "stripe-signature": world.stripe.sign(body, { ageSeconds }) })).status;
    expect([await at(240), await at(-240), await at(400)]).toEqual([200, 200, 400]);
  });
  test("that never arrived is made up for by reconciliation, also when Stripe no longer has the event", async () => {
    const [ada, bob] = [await world.app.signUp(), await world.app.signUp()];
    await world.buyPlan(bob, "basic");
    const { session_id } = await api(ada).billing.checkout({ body: { tier: "pro" } });
    const { session_id: credits } = await api(ada).billing.purchaseCredits({ body: { package: "small" } });
    world.stripe.account.pay(session_id);
    world.stripe.account.pay(credits);
    world.stripe.account.end((await api(bob).billing.subscription()).subscription_id ?? "");
    world.stripe.waiting.length = 0;
    await world.job("reconcile_payments");
    expect(await api(ada).billing.subscription()).toMatchObject({ tier: "pro", purchased_credits: 500 });
    expect((await api(bob).billing.subscription()).tier).toBe("free");
    const again = await api(ada).billing.purchaseCredits({ body: { package: "small" } });
    world.stripe.account.pay(again.session_id);
    world.stripe.waiting.length = 0;
    world.stripe.account.events.length = 0;
    await world.rows("update checkouts set created_at = now() - interval '1 hour' where session_id = $1", [again.session_id]);
    await world.job("reconcile_payments");
    await world.job("reconcile_payments");
    expect((await api(ada).billing.credits()).purchased_credits).toBe(1000);
  });
});

test("a Stripe call that is refused or lost answers 502 and changes nothing", async () => {
  const ada = await world.app.signUp();
  for (const how of [429, 503] as const) {
    world.stripe.trouble({ how });
    expect(await post("/api/billing/credits/purchase", ada, { package: "small" })).toMatchObject({ http: 502, code: "stripe_error" });
  }
  world.stripe.trouble({ how: "lost", times: 1, on: /POST \/v1\/checkout/ });
  const made = await post("/api/billing/credits/purchase", ada, { package: "small" });
  world.stripe.trouble(undefined);
  expect(made.http).toBe(200);
  expect([...world.stripe.account.sessions.values()].filter((s) => s.metadata["user_id"] === ada.id)).toHaveLength(1);
  expect([...world.stripe.account.customers.values()].filter((c) => c.metadata["user_id"] === ada.id)).toHaveLength(1);
});

describe("failed Stripe calls", () => {
  const times = (pattern: RegExp) => world.stripe.calls.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length;
  test("are retried with a new key: session, customer, account, refund of a second payment", async () => {
    const ada = await world.app.signUp();
    const buy = () => post("/api/billing/credits/purchase", ada, { package: "small" });
    for (const on of [/POST \/v1\/customers/, /POST \/v1\/checkout/]) {
      world.stripe.trouble({ how: "refused", on });
      for (let n = 0; n < 2; n++) expect(await buy()).toMatchObject({ http: 502, code: "stripe_error" });
      world.stripe.trouble(undefined);
    }
    expect((await buy()).http).toBe(200);
    world.stripe.trouble({ how: "refused", on: /POST \/v1\/accounts/ });
    for (let n = 0; n < 2; n++) expect(await post("/api/creators/connect", ada)).toMatchObject({ http: 502 });
    world.stripe.trouble(undefined);
    expect((await post("/api/creators/connect", ada)).http).toBe(200);

    const paid = await world.pay((await buy()).session_id);
    const before = times(/POST \/v1\/refunds/);
    const refund = () =>
      world.app.studio.database.pool.query("select graphile_worker.add_job('refund_payment', $1::json, job_key := 'refund')", [
        JSON.stringify({ payment_intent: paid.payment_intent }),
      ]);
    world.stripe.trouble({ how: "refused", on: /POST \/v1\/refunds/ });
    await refund();
    await expect.poll(() => times(/POST \/v1\/refunds/)).toBeGreaterThan(before);
    world.stripe.trouble(undefined);
    await expect
      .poll(async () => {
        await refund();
        return [...world.stripe.account.charges.values()].find((c) => c.payment_intent === paid.payment_intent)?.refunded;
      })
      .toBe(true);
    await settle();
    expect((await api(ada).billing.credits()).purchased_credits).toBe(0);
  });
});

test("a customer that was deleted at Stripe is recreated once for concurrent requests; without a customer there is no portal", async () => {
  const ada = await world.app.signUp();
  await world.pay((await api(ada).billing.purchaseCredits({ body: { package: "small" } })).session_id);
  const lost = (await api(ada).billing.subscription()).stripe_customer_id ?? "";
  const own = () => [...world.stripe.account.customers.values()].filter((c) => c.metadata["user_id"] === ada.id);
  world.stripe.account.deleteCustomer(lost);
  expect(await post("/api/billing/portal", ada)).toMatchObject({ http: 400, code: "no_stripe_customer" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => post("/api/billing/credits/purchase", ada, { package: "large" })));
  expect([answers.map(({ http }) => http), new Set(answers.map(({ session_id }) => session_id)).size]).toEqual([Array(8).fill(200), 1]);
  expect(own()).toHaveLength(1);
  expect((await api(ada).billing.subscription()).stripe_customer_id).toBe(own()[0]?.id);
  expect(world.stripe.account.sessions.get(answers[0]?.session_id ?? "")?.customer).toBe(own()[0]?.id);
  await world.pay(answers[0]?.session_id ?? null);
  expect((await api(ada).billing.credits()).purchased_credits).toBe(10_500);
  // Again within the day for which Stripe remembers keys.
  world.stripe.account.deleteCustomer(own()[0]?.id ?? "");
  expect((await post("/api/billing/checkout", ada, { tier: "pro" })).http).toBe(200);
  expect(own()).toHaveLength(1);
});

test("the plans have Stripe's prices, by the month and by the year; while Stripe does not respond, those of the settings", async () => {
  await using stripe = await startStripe();
  const env = { ...stripeEnv(stripe), STRIPE_PRICE_BASIC_ANNUAL: "", TIER_PRICES_CENTS: "0,1,2,3" };
  await using other = await testApp({ env });
  const prices = async () => (await other.as().billing.config()).tiers.map((tier) => [tier.price_cents, tier.annual_price_cents]);
  stripe.trouble({ how: "refused", on: /GET \/v1\/prices/ });
  expect(await prices()).toEqual([
    [0, null],
    [1, null],
    [2, null],
    [3, null],
  ]);
  stripe.trouble(undefined);
  await using next = await testApp({ env });
  const config = await next.as().billing.config();
  expect(config.tiers.map((tier) => [tier.price_cents, tier.annual_price_cents])).toEqual([
    [0, null],
    [2000, null],
    [4900, 49_000],
    [14_900, 149_000],
  ]);
});

test("the balance is streamed: now, after each change, and only to its owner", async () => {
  const [ada, bob] = [await world.app.signUp(), await world.app.signUp()];
  await using own = follow(ada);
  await using others = follow(bob);
  expect(await own.next()).toMatchObject({ seq: 1, type: "credits", data: { purchased_credits: 0 } });
  expect(await others.next()).toMatchObject({ seq: 1 });
  await world.pay((await api(ada).billing.purchaseCredits({ body: { package: "small" } })).session_id);
  expect(await own.next()).toMatchObject({ seq: 2, data: { purchased_credits: 500 } });
  await world.buyPlan(bob, "basic");
  let plan = await others.next();
  // Notifications of one transaction come as one, those of two may too.
  while (plan?.data.tier !== "basic") plan = await others.next();
  expect(plan.data).toMatchObject({ purchased_credits: 0, bundled_credits: 500 });
});
function follow(user: TestUser) {
  const stop = new AbortController();
  const events = api(user).billing.creditEvents(undefined, { signal: stop.signal })[Symbol.asyncIterator]();
  return {
    next: async () => (await events.next()).value,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await events.next().catch(() => undefined);
    },
  };
}

test("the ledger is consistent", async () => {
  expect(await ledgerViolations(world)).toEqual([]);
});
