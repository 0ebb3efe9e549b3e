import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp();
  ada = await app.signUp({ name: "Ada" });
});
afterAll(() => app.close());

const patch = (user: TestUser | undefined, json: unknown) => app.request("/api/users/me", { method: "PATCH", json, ...(user && { user }) });
const outcome = async (response: Response) => {
  const body = (await response.json()) as { code?: string; detail?: { loc: unknown[] }[] };
  return [response.status, body.code ?? body.detail?.[0]?.loc.at(-1)];
};

describe("users.me", () => {
  test("is the caller, with nothing that must not leave", async () => {
    const me = await app.as(ada).users.me();
    expect(me).toMatchObject({ id: ada.id, email: ada.email, username: ada.username });
    for (const key of ["hashed_password", "stripe_customer_id", "daily_credits", "is_suspended", "password"])
      expect(me).not.toHaveProperty(key);
  });
  test("is 401 for nobody", async () => {
    expect((await app.request("/api/users/me")).status).toBe(401);
    expect((await patch(undefined, {})).status).toBe(401);
  });
});

describe("users.updateMe", () => {
  test("changes the profile and leaves the rest", async () => {
    const user = await app.signUp();
    const profile = {
      name: "Grace",
      username: `Grace-${user.id.slice(0, 6)}`,
      diagram_model: "openai/gpt-5.1",
      avatar_url: "https://example.com/grace.png",
      bio: "Compilers",
      twitter_handle: "grace",
      github_username: "grace",
      website_url: "https://example.com/grace",
      theme_preset: "default-light",
      chat_position: "left" as const,
      disabled_models: ["a/b"],
    };
    const changed = await app.as(user).users.updateMe({ body: profile });
    const { password: _, token: __, ...before } = user;
    expect(changed).toEqual({
      ...before,
      ...profile,
      username: profile.username.toLowerCase(),
      updated_at: expect.any(String),
      last_active_at: expect.any(String),
    });
    expect(changed.slug).toBe(user.slug);
    expect(Date.parse(changed.updated_at)).toBeGreaterThan(Date.parse(user.updated_at));
    const cleared = {
      diagram_model: null,
      avatar_url: null,
      bio: null,
      twitter_handle: null,
      github_username: null,
      website_url: null,
      disabled_models: null,
    };
    expect(await app.as(user).users.updateMe({ body: cleared })).toMatchObject(cleared);
  });

  test("ignores what only others may change", async () => {
    const user = await app.signUp();
    const response = await patch(user, {
      subscription_tier: "ultra",
      is_superuser: true,
      is_verified: true,
      is_active: false,
      purchased_credits: 1e6,
      total_spend_cents: 5,
      referral_code: "MINE0000",
      slug: "mine",
      id: ada.id,
      hashed_password: "x",
      bio: "changed",
    });
    expect(response.status).toBe(200);
    const { password: _, token: __, ...before } = user;
    expect(await response.json()).toEqual({
      ...before,
      bio: "changed",
      updated_at: expect.any(String),
      last_active_at: expect.any(String),
    });
  });

  test.each([
    ["an empty name", { name: "" }, "name"],
    ["a null name", { name: null }, "name"],
    ["a malformed e-mail", { email: "x" }, "email"],
    ["a malformed username", { username: "a b c" }, "username"],
    ["a foreign scheme", { website_url: "javascript:alert(1)" }, "website_url"],
    ["half an address", { website_url: "https://" }, "website_url"],
    ["an unknown position", { chat_position: "top" }, "chat_position"],
    ["a long handle", { twitter_handle: "x".repeat(101) }, "twitter_handle"],
    ["an avatar that is a script", { avatar_url: "data:image/svg+xml;base64,PHN2Zy8+" }, "avatar_url"],
    ["a huge avatar", { avatar_url: `https://example.com/${"x".repeat(512_000)}` }, "avatar_url"],
    ["models that are no list", { disabled_models: "all" }, "disabled_models"],
  ])("answers 422 to %s", async (_, body, field) => {
    expect(await outcome(await patch(ada, body))).toEqual([422, field]);
  });

  test("takes an avatar of the largest size", async () => {
    const head = "data:image/png;base64,";
    const data = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(383_900)]).toString("base64");
    expect((head + data).length).toBeLessThanOrEqual(512_000);
    expect((await patch(ada, { avatar_url: head + data })).status).toBe(200);
  });

  test("a new password, e-mail or second factor needs the current password", async () => {
    const user = await app.signUp();
    for (const body of [{ password: "a new password" }, { email: "new-address@example.com" }, { two_fa_enabled: true }]) {
      expect(await outcome(await patch(user, body))).toEqual([400, "current_password_required"]);
      expect(await outcome(await patch(user, { ...body, current_password: "wrong" }))).toEqual([400, "current_password_wrong"]);
    }
    // The same values are no change.
    expect((await patch(user, { email: user.email.toUpperCase(), two_fa_enabled: false })).status).toBe(200);
    expect(await app.as(user).users.me()).toMatchObject({ email: user.email, two_fa_enabled: false });
  });

  test("an account without a password needs none", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set hashed_password = null where id = $1", [user.id]);
    expect((await patch(user, { password: "my first password" })).status).toBe(200);
  });

  test("a new password signs the other sessions out and keeps this one", async () => {
    const user = await app.signUp();
    const other = await app.as().auth.login({ body: { email: user.email, password: user.password } });
    const otherUser = { token: other.access_token ?? "" };
    expect((await app.request("/api/users/me", { user: otherUser })).status).toBe(200);
    expect((await patch(user, { password: "a new password", current_password: user.password })).status).toBe(200);
    expect((await app.request("/api/users/me", { user: otherUser })).status).toBe(401);
    expect((await app.request("/api/users/me", { user })).status).toBe(200);
    const login = (password: string) => app.request("/api/auth/login", { method: "POST", json: { email: user.email, password } });
    expect((await login(user.password)).status).toBe(401);
    expect((await login("a new password")).status).toBe(200);
  });

  test("refuses a weak new password and says why", async () => {
    for (const password of ["short", "x".repeat(129), ada.email, ada.username])
      expect(await outcome(await patch(ada, { password, current_password: ada.password }))).toEqual([400, "update_user_invalid_password"]);
  });

  test("a new e-mail is not verified, and works for signing in", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set is_verified = true where id = $1", [user.id]);
    const email = `New-${user.email}`;
    expect(await app.as(user).users.updateMe({ body: { email, current_password: user.password } })).toMatchObject({
      email: email.toLowerCase(),
      is_verified: false,
    });
    expect((await app.request("/api/auth/login", { method: "POST", json: { email, password: user.password } })).status).toBe(200);
  });

  test("e-mail and username of somebody else are refused, one's own in another case are not", async () => {
    const user = await app.signUp();
    expect(await outcome(await patch(user, { email: ada.email.toUpperCase(), current_password: user.password }))).toEqual([
      400,
      "update_user_email_already_exists",
    ]);
    expect(await outcome(await patch(user, { username: ada.username.toUpperCase() }))).toEqual([409, "username_taken"]);
    expect(await outcome(await patch(user, { username: "support" }))).toEqual([409, "username_taken"]);
    expect((await patch(user, { username: user.username.toUpperCase() })).status).toBe(200);
  });

  test("the second factor cannot be switched on where no code can be checked: nobody locks themselves out", async () => {
    const user = await app.signUp();
    expect(await outcome(await patch(user, { two_fa_enabled: true, current_password: user.password }))).toEqual([503, "not_configured"]);
    expect((await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } })).status).toBe(
      200,
    );
  });
});

test("the current password cannot be guessed with a stolen session", async () => {
  await using limited = await testApp({ env: { RATE_LIMIT_FACTOR: "1" } });
  const user = await limited.signUp();
  const change = (current_password: string) =>
    limited.request("/api/users/me", { method: "PATCH", user, json: { password: "a new password", current_password } });
  for (let i = 0; i < 10; i++) expect((await change("wrong")).status).toBe(400);
  expect((await change(user.password)).status).toBe(429);
});

describe("users.get", () => {
  test("is the public part, for anybody", async () => {
    expect(await app.as().users.get({ params: { id: ada.id } })).toEqual({
      id: ada.id,
      name: "Ada",
      username: ada.username,
      slug: ada.slug,
      avatar_url: expect.anything(),
      bio: null,
      twitter_handle: null,
      github_username: null,
      website_url: null,
      joined_at: ada.created_at,
    });
  });
  test("is 404 for unknown, disabled, suspended and deleted users, 422 for what is no id", async () => {
    const answers = new Set<string>();
    for (const change of ["is_active = false", "is_suspended = true", "is_deleted = true", undefined]) {
      const user = await app.signUp();
      if (change) await app.studio.database.pool.query(`update users set ${change} where id = $1`, [user.id]);
      const response = await app.request(`/api/users/${change ? user.id : "00000000-0000-4000-8000-000000000000"}`);
      expect(response.status).toBe(404);
      answers.add(await response.text());
    }
    expect(answers.size).toBe(1);
    expect((await app.request("/api/users/nobody")).status).toBe(422);
  });
});
