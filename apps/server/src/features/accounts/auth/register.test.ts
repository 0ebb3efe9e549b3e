import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultPreferences } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  // The addresses and names that people choose here may be taken on a server that others use.
  app = await testApp({ ownServer: true });
  ada = await app.signUp({ name: "Ada" });
});
afterAll(() => app.close());

const post = (path: string, json: unknown, headers: Record<string, string> = {}) => app.request(path, { method: "POST", json, headers });
const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown>;
let serial = 0;
const freshEmail = () => `person-${++serial}@example.com`;
const password = "correct horse battery";

describe("auth.register", () => {
  test("answers 201 with the complete user and no token", async () => {
    const email = freshEmail();
    const response = await post("/api/auth/register", { email: `  ${email.toUpperCase()} `, password });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual([]);
    const user = await bodyOf(response);
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/),
      email,
      is_active: true,
      is_superuser: false,
      is_verified: false,
      pending_email: null,
      name: expect.stringMatching(/^Person-\d+$/),
      username: expect.stringMatching(/^person\d+_[0-9a-z]{6}$/),
      slug: expect.stringMatching(/^person\d+-[0-9a-z]{6}-[0-9a-z]{6}$/),
      subscription_tier: "free",
      total_spend_cents: 0,
      bundled_credits: 0,
      purchased_credits: 0,
      diagram_model: null,
      disabled_models: null,
      referral_code: expect.stringMatching(/^[0-9A-Z]{8}$/),
      referred_by: null,
      last_active_at: null,
      avatar_url: null,
      bio: null,
      twitter_handle: null,
      github_username: null,
      website_url: null,
      theme_preset: "default-dark",
      chat_position: "center",
      two_fa_enabled: false,
      preferences: defaultPreferences,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
  });

  test("grants the credits of a new account", async () => {
    const user = await bodyOf(await post("/api/auth/register", { email: freshEmail(), password }));
    const { rows } = await app.studio.database.pool.query(
      "select support_tier, daily_credits, signup_bonus_credits, round(extract(epoch from signup_bonus_expires_at - now()) / 86400)::int as days, hashed_password from users where id = $1",
      [user["id"]],
    );
    expect(rows[0]).toEqual({
      support_tier: "community",
      daily_credits: 5,
      signup_bonus_credits: 15_000,
      days: 60,
      hashed_password: expect.stringMatching(/^\$argon2id\$v=19\$/),
    });
  });

  test.each(["12345678", "password1", "qwertyuiop", "aaaaaaaaaaaa", "abcdefgh1"])(
    "refuses %s, which is easy to guess",
    async (guessable) => {
      const response = await post("/api/auth/register", { email: freshEmail(), password: guessable });
      expect(response.status).toBe(400);
      expect(await bodyOf(response)).toEqual({ detail: expect.stringContaining("easy to guess"), code: "register_invalid_password" });
    },
  );

  test("refuses a password made of the person's own address or name", async () => {
    const answer = await post("/api/auth/register", { email: "marguerite@example.com", password: "Marguerite1" });
    expect(answer.status).toBe(400);
  });

  test("ignores role, state and tier in the body, which existing clients send", async () => {
    const sent = { is_superuser: true, is_verified: true, is_active: false, subscription_tier: "ultra" };
    const response = await post("/api/auth/register", { email: freshEmail(), password, ...sent });
    expect(response.status).toBe(201);
    expect(await bodyOf(response)).toMatchObject({ is_superuser: false, is_verified: false, is_active: true, subscription_tier: "free" });
  });
  test.each([
    ["purchased_credits", 1e6],
    ["daily_credits", 1e6],
    ["slug", "mine"],
    ["id", "00000000-0000-4000-8000-000000000000"],
    ["hashed_password", "x"],
  ])("refuses %s in the body: users cannot set it themselves", async (field, value) => {
    const email = freshEmail();
    const response = await post("/api/auth/register", { email, password, [field]: value });
    expect(response.status).toBe(422);
    expect(JSON.stringify(await bodyOf(response))).toContain(field);
    const { rowCount } = await app.studio.database.pool.query("select 1 from users where email = $1", [email]);
    expect(rowCount).toBe(0);
  });

  test.each([
    ["a missing password", { email: "a@example.com" }, ["body", "password"]],
    ["a missing email", { password }, ["body", "email"]],
    ["an email without a domain", { email: "unknown", password }, ["body", "email"]],
    ["an email with a space inside", { email: "no body@example.com", password }, ["body", "email"]],
    ["an empty name", { email: "a@example.com", password, name: "" }, ["body", "name"]],
    ["a long name", { email: "a@example.com", password, name: "x".repeat(101) }, ["body", "name"]],
    ["a short username", { email: "a@example.com", password, username: "ab" }, ["body", "username"]],
    ["a username that begins with a dash", { email: "a@example.com", password, username: "-abc" }, ["body", "username"]],
    ["a username with two dashes", { email: "a@example.com", password, username: "a--bc" }, ["body", "username"]],
    ["a username with a space", { email: "a@example.com", password, username: "a bc" }, ["body", "username"]],
    ["a password that is a number", { email: "a@example.com", password: 12345678 }, ["body", "password"]],
    ["an email with a lookalike letter", { email: "\u212aim@example.com", password }, ["body", "email"]],
    ["an email with an invisible character", { email: "k\u200bim@example.com", password }, ["body", "email"]],
    ["a username with a lookalike letter", { email: "a@example.com", password, username: "\u212aim" }, ["body", "username"]],
    ["a name with a text direction override", { email: "a@example.com", password, name: "Ad\u202ea" }, ["body", "name"]],
    ["a name of several lines", { email: "a@example.com", password, name: "Ad\na" }, ["body", "name"]],
    ["not an object", [], ["body"]],
  ])("answers 422 to %s", async (_, body, loc) => {
    const response = await post("/api/auth/register", body);
    expect(response.status).toBe(422);
    expect(await bodyOf(response)).toMatchObject({ detail: [{ loc, msg: expect.any(String), type: expect.any(String) }] });
  });

  test("stores a name as it is displayed; an invisible name is empty", async () => {
    const named = async (name: string) =>
      (await bodyOf(await post("/api/auth/register", { email: `grace.h${++serial}@example.com`, password, name })))["name"];
    expect(await named(" \uff27race\u200b  Hopper ")).toBe("Grace Hopper");
    expect(await named("\u3164\u2800")).toMatch(/^Grace H/);
  });

  test.each([
    ["7 characters", "abcdefg"],
    ["129 characters", "x".repeat(129)],
    ["the email", "Some.One@Example.com"],
    ["the username", "SomeOne_1"],
  ])("refuses %s as a password with a reason", async (_, bad) => {
    const response = await post("/api/auth/register", { email: "some.one@example.com", username: "someone_1", password: bad });
    expect(response.status).toBe(400);
    expect(await bodyOf(response)).toEqual({ detail: expect.stringMatching(/password/), code: "register_invalid_password" });
  });

  test("accepts 8 and 128 characters, counted as graphemes", async () => {
    for (const good of ["kwvz pht", "é ö ñ ü ".repeat(16), "🦀🐙🌵🎻🧭🪴🛶🧵"])
      expect((await post("/api/auth/register", { email: freshEmail(), password: good })).status).toBe(201);
  });

  test("refuses a known email in any case, and a taken or reserved username with the same message", async () => {
    const email = freshEmail();
    await post("/api/auth/register", { email, password, username: "Grace" });
    const again = await post("/api/auth/register", { email: email.toUpperCase(), password });
    expect([again.status, (await bodyOf(again))["code"]]).toEqual([400, "register_user_already_exists"]);
    const taken = await post("/api/auth/register", { email: freshEmail(), password, username: "gRACE" });
    const reserved = await post("/api/auth/register", { email: freshEmail(), password, username: "Admin" });
    expect([taken.status, reserved.status]).toEqual([409, 409]);
    expect(await bodyOf(taken)).toEqual(await bodyOf(reserved));
  });

  test("of several concurrent registrations of an email one succeeds, the others are 400", async () => {
    const email = freshEmail();
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => (await post("/api/auth/register", { email, password })).status),
    );
    expect(statuses.sort()).toEqual([201, 400, 400, 400, 400, 400]);
  });

  test("stores the referrer, and ignores an unknown code", async () => {
    const referred = await bodyOf(
      await post("/api/auth/register", { email: freshEmail(), password, referral_code: ` ${ada.referral_code?.toLowerCase()} ` }),
    );
    expect(referred["referred_by"]).toBe(ada.referral_code);
    const unknown = await bodyOf(await post("/api/auth/register", { email: freshEmail(), password, referral_code: "NOBODY00" }));
    expect(unknown["referred_by"]).toBe(null);
  });

  test("refuses text that the database cannot store with 422", async () => {
    const response = await post("/api/auth/register", { email: freshEmail(), password, name: "a\u0000b" });
    expect(response.status).toBe(422);
  });
});

describe("the first administrator", () => {
  const count = async (a: TestApp) =>
    Number((await a.studio.database.pool.query("select count(*) as n from users where is_superuser")).rows[0].n);
  const register = async (a: TestApp, more: object = {}) =>
    a.request("/api/auth/register", { method: "POST", json: { email: freshEmail(), password, ...more } });

  test("on a loopback server the first registered user is administrator, exactly one of many concurrent ones", async () => {
    await using local = await testApp({ configure: (c) => (c.http.isLoopbackOnly = true) });
    expect(local.studio.facts.setupToken).toBe(undefined);
    expect(await local.as().system.config()).toMatchObject({ setup_required: true, setup_token_required: false });
    const users = await Promise.all(Array.from({ length: 8 }, async () => bodyOf(await register(local))));
    expect(users.filter((u) => u["is_superuser"])).toHaveLength(1);
    expect(await count(local)).toBe(1);
    expect(await local.as().system.config()).toMatchObject({ setup_required: false, setup_token_required: false });
    expect(await bodyOf(await register(local))).toMatchObject({ is_superuser: false });
  });

  test("behind a proxy or with a public URL the token is needed also on loopback", async () => {
    await using proxied = await testApp({ env: { TRUST_PROXY: "true" }, configure: (c) => (c.http.isLoopbackOnly = true) });
    expect(await bodyOf(await register(proxied))).toMatchObject({ is_superuser: false });
    await using named = await testApp({
      env: { APP_BASE_URL: "https://studio.example.com" },
      configure: (c) => (c.http.isLoopbackOnly = true),
    });
    expect(named.studio.facts.setupToken).toEqual(expect.any(String));
    expect(await bodyOf(await register(named))).toMatchObject({ is_superuser: false });
  });

  test("on a public address it needs the printed token; a wrong one is 403 and creates no user", async () => {
    await using open = await testApp({ ownServer: true });
    const { setupToken } = open.studio.facts;
    expect(setupToken).toMatch(/^[\w-]{32}$/);
    expect(await open.as().system.config()).toMatchObject({ setup_required: true, setup_token_required: true, no_accounts: true });
    expect(await bodyOf(await register(open))).toMatchObject({ is_superuser: false });
    expect(await open.as().system.config()).toMatchObject({ setup_required: true, no_accounts: false });
    const wrong = await register(open, { setup_token: "x".repeat(32) });
    expect([wrong.status, (await bodyOf(wrong))["code"]]).toEqual([403, "setup_token_invalid"]);
    expect((await open.studio.database.pool.query("select count(*)::int as n from users where not is_system")).rows[0].n).toBe(1);

    const answers = await Promise.all(Array.from({ length: 5 }, () => register(open, { setup_token: setupToken })));
    expect(answers.map((a) => a.status).sort()).toEqual([201, 403, 403, 403, 403]);
    expect(await count(open)).toBe(1);
    expect(await open.as().system.config()).toMatchObject({ setup_required: false });
    const late = await register(open, { setup_token: setupToken });
    expect([late.status, (await bodyOf(late))["code"]]).toEqual([403, "setup_token_invalid"]);
    expect(open.logs()).not.toContain(setupToken);
    const stored = await open.studio.database.pool.query("select key, value::text from server_settings");
    expect(JSON.stringify(stored.rows)).not.toContain(setupToken);
  });

  test("who can register is a setting; the first administrator always can", async () => {
    await using closed = await testApp({ ownServer: true, env: { SIGN_UP: "closed" } });
    expect(await closed.as().system.config()).toMatchObject({ sign_up: "closed", setup_required: true });
    const refused = await register(closed);
    expect([refused.status, await bodyOf(refused)]).toEqual([403, expect.objectContaining({ code: "sign_up_closed" })]);
    expect(await bodyOf(await register(closed, { setup_token: closed.studio.facts.setupToken }))).toMatchObject({ is_superuser: true });
    expect((await register(closed)).status).toBe(403);
    expect((await closed.studio.database.pool.query("select count(*)::int as n from users where not is_system")).rows[0].n).toBe(1);

    await using providers = await testApp({ env: { SIGN_UP: "providers" } });
    // No provider is set.
    expect(providers.logs()).toContain("SIGN_UP=providers, but no sign-in provider is set, so sign-up is not possible.");
    expect(await bodyOf(await register(providers))).toMatchObject({ code: "sign_up_closed", detail: expect.stringContaining("provider") });
  });

  test("a restart prints the same token while there is no administrator, and none afterwards", async () => {
    await using first = await testApp({ ownServer: true });
    await using second = await testApp({ database: first.database });
    expect(second.studio.facts.setupToken).toBe(first.studio.facts.setupToken);
    await register(second, { setup_token: first.studio.facts.setupToken });
    await using third = await testApp({ database: first.database });
    expect(third.studio.facts.setupToken).toBe(undefined);
  });
});
