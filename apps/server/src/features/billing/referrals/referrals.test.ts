import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { createRateLimiter } from "../../../platform/rate-limit.ts";
import { crowd, callers, type CrowdUser } from "../../../testing/crowd.ts";
import { createReferrals, createReferralsStore } from "./index.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ env: { REFERRAL_REWARD_CREDITS: "250", BILLING_ENABLED: "true" } });
});
afterAll(() => app.close());

const of = (user: { token: string }) => app.as(user).referrals;
const code = (error: unknown) => (error as { code?: string }).code;
const sql = (text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
const codeOf = async (user: { token: string }) => (await of(user).code()).referral_code;
const apply = (user: { token: string }, referral_code: string) =>
  of(user)
    .apply({ body: { referral_code } })
    .then(() => "ok", code);
const purchased = async (user: { token: string }) => (await app.as(user).billing.credits()).purchased_credits;

describe("the own referral code", () => {
  test("is returned with link and counts, and created if the account has none", async () => {
    const ada = await app.signUp({ name: "Ada" });
    expect(await of(ada).code()).toEqual({
      referral_code: ada.referral_code,
      referral_url: `${app.config.http.appBaseUrl}/register?ref=${ada.referral_code}`,
      referred_by: null,
      stats: { landings: 0, conversions: 0, conversion_rate: 0 },
      reward_credits: 250,
    });
    await sql("update users set referral_code = null where id = $1", [ada.id]);
    const made = await Promise.all(Array.from({ length: 10 }, () => codeOf(ada)));
    expect(new Set(made).size).toBe(1);
    expect(made[0]).toMatch(/^[0-9A-Z]{8}$/);
  });

  test("says to whom it belongs and what it brings, to anyone who has it", async () => {
    const ada = await app.signUp({ name: "Ada" });
    const ask = (referral_code: string) => app.as().referrals.invitation({ params: { referral_code } });
    expect(await ask((await codeOf(ada)).toLowerCase())).toEqual({
      referrer_name: "Ada",
      referrer_avatar_url: null,
      reward_credits: 250,
    });
    await expect(ask("NOSUCHCD")).rejects.toMatchObject({ status: 404 });
    await sql("update users set is_suspended = true where id = $1", [ada.id]);
    await expect(ask(ada.referral_code ?? "")).rejects.toMatchObject({ status: 404 });
  });

  test("lists who signed up by time and reward, without saying who, to its owner alone", async () => {
    const [ada, bob, cleo] = [await app.signUp({ name: "Ada" }), await app.signUp({ name: "Bob" }), await app.signUp({ name: "Cleo" })];
    for (const invited of [bob, cleo]) expect(await apply(invited, await codeOf(ada))).toBe("ok");
    const list = await of(ada).signUps({ query: { limit: 1 } });
    expect(list).toMatchObject({ total: 2, page: 1, total_pages: 2, items: [{ reward_credits: 250 }] });
    expect(Object.keys(list.items[0] ?? {}).toSorted()).toEqual(["created_at", "reward_credits"]);
    const second = await of(ada).signUps({ query: { limit: 1, page: 2 } });
    expect(Date.parse(second.items[0]?.created_at ?? "")).toBeLessThanOrEqual(Date.parse(list.items[0]?.created_at ?? ""));
    expect(await of(bob).signUps()).toMatchObject({ total: 0, items: [] });
    await expect(app.as().referrals.signUps()).rejects.toMatchObject({ status: 401 });
    await expect(of(ada).signUps({ query: { limit: 501 } })).rejects.toMatchObject({ status: 422 });
  });

  test("counts visits without personal data", async () => {
    const ada = await app.signUp();
    const referral_code = await codeOf(ada);
    const land = (body: unknown) =>
      app.request("/api/referrals/landing", { method: "POST", json: body, headers: { "user-agent": "Tester/1" } });
    for (const code of [referral_code, ` ${referral_code.toLowerCase()} `, referral_code])
      expect((await land({ referral_code: code })).status).toBe(204);
    expect([
      (await land({ referral_code: "NOSUCHCD" })).status,
      (await land({})).status,
      (await land({ referral_code: " " })).status,
    ]).toEqual([404, 422, 422]);
    const bob = await app.signUp({ name: "Bob Secret", email: `bob-${randomBytes(4).toString("hex")}@example.com` });
    expect(await apply(bob, referral_code)).toBe("ok");
    const answer = await (await app.request("/api/referrals/code", { user: ada })).text();
    expect(JSON.parse(answer)).toMatchObject({ stats: { landings: 3, conversions: 1, conversion_rate: 33.3 } });
    for (const secret of [bob.email, bob.name, bob.username, bob.id]) expect(answer).not.toContain(secret);
    const { rows } = await sql("select ip_hash, user_agent from referral_landings where referred_by = $1", [referral_code]);
    expect(rows[0]).toEqual({ ip_hash: expect.stringMatching(/^[\w-]{43}$/), user_agent: "Tester/1" });
    expect((await app.request("/api/referrals/code")).status).toBe(401);
    expect((await app.request("/api/referrals/stats", { user: ada })).status).toBe(404);
  });
});

describe("applying a code", () => {
  test("works once, in any case, and rewards both sides once", async () => {
    const [ada, bob, eve] = await Promise.all([app.signUp(), app.signUp(), app.signUp()]);
    const referral_code = await codeOf(ada);
    expect(await of(bob).apply({ body: { referral_code: `  ${referral_code.toLowerCase()} ` } })).toEqual({ referred_by: referral_code });
    expect([await purchased(ada), await purchased(bob)]).toEqual([250, 250]);
    expect([await apply(bob, referral_code), await apply(bob, await codeOf(eve))]).toEqual(["already_referred", "already_referred"]);
    expect([await purchased(ada), await purchased(bob), await purchased(eve)]).toEqual([250, 250, 0]);
    expect((await app.as(bob).users.me()).referred_by).toBe(referral_code);
    // A user's export contains no other user's id.
    const { rows } = await sql("select to_jsonb(c)::text as row from credit_adjustments c where user_id in ($1, $2)", [ada.id, bob.id]);
    const outcomes = rows.map(({ row }) => String(row));
    expect([ada, bob].map(({ id }) => outcomes.filter((row) => row.includes(id)).length)).toEqual([1, 1]);
  });

  test("is refused for the own code, an unknown one, or one of a suspended or deleted user", async () => {
    const [ada, bob] = await Promise.all([app.signUp(), app.signUp()]);
    expect(await apply(ada, await codeOf(ada))).toBe("own_referral_code");
    expect(await apply(ada, "ZZZZZZZZ")).toBe("not_found");
    const theirs = await codeOf(bob);
    for (const column of ["is_suspended", "is_deleted"]) {
      await sql(`update users set ${column} = true where id = $1`, [bob.id]);
      expect(await apply(ada, theirs)).toBe("not_found");
      await sql(`update users set ${column} = false where id = $1`, [bob.id]);
    }
    for (const json of [{}, { referral_code: "" }, { referral_code: " " }, { referral_code: 5 }, { referral_code: "x".repeat(33) }])
      expect((await app.request("/api/referrals/apply", { method: "POST", user: ada, json })).status).toBe(422);
    expect((await app.request("/api/referrals/apply", { method: "POST", json: { referral_code: theirs } })).status).toBe(401);
    expect(await apply(ada, theirs)).toBe("ok");
  });

  test("is refused in a ring of two or three, and after 30 days", async () => {
    const [a, b, c, late] = await Promise.all([app.signUp(), app.signUp(), app.signUp(), app.signUp()]);
    expect(await apply(b, await codeOf(a))).toBe("ok");
    expect(await apply(a, await codeOf(b))).toBe("already_referred");
    expect(await apply(c, await codeOf(b))).toBe("ok");
    expect(await apply(a, await codeOf(c))).toBe("already_referred");
    await sql("update users set created_at = now() - interval '31 days' where id = $1", [late.id]);
    expect(await apply(late, await codeOf(a))).toBe("already_referred");
  });

  test("concurrent requests cannot close a ring", async () => {
    const people = await crowd(app, 8);
    const codes = await Promise.all(people.map(codeOf));
    const outcomes = await Promise.all(people.map((person, n) => apply(person, codes[(n + 1) % people.length] ?? "")));
    expect([outcomes.filter((s) => s === "ok").length, outcomes.filter((s) => s === "already_referred").length]).toEqual([7, 1]);
  });

  test("locks both users' rows in the common order, without deadlocks", async () => {
    const [low, high] = (await crowd(app, 2)).sort((a, b) => (a.id < b.id ? -1 : 1)) as [CrowdUser, CrowdUser];
    const referral_code = await codeOf(low);
    const holder = await app.studio.database.pool.connect();
    try {
      const hold = (id: string) => holder.query("select 1 from users where id = $1 for no key update", [id]);
      await holder.query("begin");
      await hold(low.id);
      const outcomes = apply(high, referral_code);
      await lockWaiters(app);
      await hold(high.id);
      await holder.query("commit");
      expect(await outcomes).toBe("ok");
    } finally {
      holder.release();
    }
  });

  test("concurrent requests of one user are one conversion and one reward", async () => {
    const [ada, bob] = await Promise.all([app.signUp(), app.signUp()]);
    const referral_code = await codeOf(ada);
    const outcomes = await Promise.all(Array.from({ length: callers }, () => apply(bob, referral_code)));
    expect(outcomes.filter((s) => s === "ok")).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(["ok", "already_referred"]));
    expect([await purchased(ada), await purchased(bob), (await of(ada).code()).stats.conversions]).toEqual([250, 250, 1]);
  });
});

test("registering with a code has the same effect; an unknown code is ignored", async () => {
  const ada = await app.signUp();
  const referral_code = await codeOf(ada);
  const register = async (code: string) => {
    const email = `new-${randomBytes(5).toString("hex")}@example.com`;
    await app.as().auth.register({ body: { email, password: "correct horse battery", referral_code: code } });
    const { access_token } = await app.as().auth.login({ body: { email, password: "correct horse battery" } });
    return { token: access_token ?? "" };
  };
  const bob = await register(referral_code.toLowerCase());
  expect([await purchased(ada), await purchased(bob), (await of(ada).code()).stats.conversions]).toEqual([250, 250, 1]);
  expect(await apply(bob, referral_code)).toBe("already_referred");
  const eve = await register("UNKNOWN");
  expect([await purchased(eve), (await of(eve).code()).referred_by]).toEqual([0, null]);
  // A suspended user's code is ignored too; the new user can still apply another one.
  await sql("update users set is_suspended = true where id = $1", [ada.id]);
  const late = await register(referral_code);
  expect((await of(late).code()).referred_by).toBe(null);
  expect(await apply(late, await codeOf(bob))).toBe("ok");
});

test("guessing codes is rate limited, for users and anonymous visitors", async () => {
  const referrals = createReferrals({
    store: createReferralsStore(app.db),
    credits: { adjust: () => Promise.reject(new Error("no")) },
    limits: createRateLimiter({ db: app.db, factor: 1 }),
    rewardCredits: 0,
    appBaseUrl: app.url,
    box: { deriveKey: () => Buffer.alloc(32) },
  });
  const user: TestUser = await app.signUp();
  const guess = (n: number) => referrals.apply(user.id, `GUESS${n}`).catch(code);
  expect(await Promise.all([1, 2, 3, 4, 5, 6].map(guess)).then((all) => all.filter((c) => c === "rate_limited"))).toHaveLength(1);
  const land = (n: number) => referrals.landing("203.0.113.7", undefined, `GUESS${n}`).catch(code);
  expect((await Promise.all(Array.from({ length: 12 }, (_, n) => land(n)))).filter((c) => c === "rate_limited")).toHaveLength(2);
});
