import { beforeAll, describe, expect, test } from "vitest";
import type { Passkey } from "@tesslate/contract";
import { createAuthenticator, type Authenticator, type Deviations } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});

const path = "/api/auth/passkeys";
const sql = (text: string, values: unknown[]) => app.studio.database.pool.query(text, values);
const post = (at: string, json: unknown, init: { user?: TestUser; cookie?: string } = {}) =>
  app.request(path + at, {
    method: "POST",
    json,
    ...(init.user && { user: init.user }),
    ...(init.cookie !== undefined && { headers: { cookie: init.cookie } }),
  });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;
const keyring = () => createAuthenticator({ origin: app.url });

async function add(user: TestUser, keys: Authenticator, deviations: Deviations = {}, name = "Laptop"): Promise<Response> {
  const options = await app.as(user).passkeys.begin({ body: { current_password: user.password } });
  return post("", { name, credential: keys.create(options, deviations) }, { user });
}
async function withPasskey(deviations: Deviations = {}) {
  const user = await app.signUp();
  const keys = keyring();
  const response = await add(user, keys, deviations);
  expect(response.status).toBe(201);
  return { user, keys, passkey: (await response.json()) as Passkey };
}
async function question(): Promise<{ options: { challenge: string }; cookie: string }> {
  const response = await post("/sign-in/options", {});
  expect(response.status).toBe(200);
  return {
    options: (await response.json()) as { challenge: string },
    cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "",
  };
}
async function signIn(keys: Authenticator, deviations: Parameters<Authenticator["get"]>[1] = {}): Promise<Response> {
  const { options, cookie } = await question();
  return post("/sign-in", { credential: keys.get(options, deviations) }, { cookie });
}
const refused = async (response: Response) => {
  expect([response.status, await codeOf(response), response.headers.getSetCookie().join().includes("tesslate_auth")]).toEqual([
    401,
    "passkey_refused",
    false,
  ]);
};
const me = async (response: Response) => {
  const { access_token } = (await response.json()) as { access_token: string };
  return (await app.request("/api/users/me", { user: { token: access_token } })).json() as Promise<{ id: string }>;
};

test("a passkey is created, signs in without a name or password, is renamed and removed", async () => {
  const { user, keys, passkey } = await withPasskey();
  expect(passkey).toEqual({ id: expect.any(String), name: "Laptop", is_synced: true, created_at: expect.any(String), last_used_at: null });
  const { options } = await question();
  expect(options).toMatchObject({ rpId: "localhost", userVerification: "required" });
  expect(options).not.toHaveProperty("allowCredentials.0");
  const opened = await signIn(keys);
  expect(opened.status).toBe(200);
  expect(opened.headers.getSetCookie().join()).toContain("tesslate_auth=");
  expect((await me(opened)).id).toBe(user.id);
  expect((await app.as(user).passkeys.list()).items).toMatchObject([{ id: passkey.id, last_used_at: expect.any(String) }]);

  const params = { id: passkey.id };
  expect(await app.as(user).passkeys.rename({ params, body: { name: "  Desk " } })).toMatchObject({ name: "Desk" });
  expect(await codeOf(await app.request(`${path}/${passkey.id}`, { method: "DELETE", user, json: {} }))).toBe("current_password_required");
  await app.as(user).passkeys.remove({ params, body: { current_password: user.password } });
  await refused(await signIn(keys));
  const { items } = await app.as(user).secondFactor.events({ query: { limit: 50 } });
  expect(items.map((e) => [e.kind, e.detail])).toEqual(
    expect.arrayContaining([
      ["passkey_added", "Laptop"],
      ["signed_in", "passkey"],
      ["passkey_removed", "Desk"],
    ]),
  );
});

test("it replaces the second factor too, and does not sign in to an inactive account", async () => {
  const { user, keys } = await withPasskey();
  await sql("update users set two_fa_enabled = true where id = $1", [user.id]);
  expect((await signIn(keys)).status).toBe(200);
  await sql("update users set is_active = false where id = $1", [user.id]);
  await refused(await signIn(keys));
});

describe("a sign-in is refused", () => {
  test.each<[string, Parameters<Authenticator["get"]>[1]]>([
    ["from another origin", { origin: "https://evil.example" }],
    ["from a preview of this server", { origin: "http://shop-app.preview.localhost:8000" }],
    ["from another port of this machine", { origin: "http://localhost:1" }],
    ["for another site's id", { rpId: "evil.example" }],
    ["without user verification", { isUnverified: true }],
    ["with another key's signature", { isForged: true }],
    ["with a challenge that was never issued", { challenge: "bm90IG91cnM" }],
    ["with a registration response", { type: "webauthn.create" }],
    ["with another user's handle", { userHandle: Buffer.from("another user id!").toString("base64url") }],
  ])("%s", async (_, deviations) => {
    const { user, keys } = await withPasskey();
    await refused(await signIn(keys, deviations));
    expect((await app.as(user).secondFactor.events()).items[0]).toMatchObject({ kind: "passkey_refused", detail: "Laptop" });
    expect((await signIn(keys)).status).toBe(200);
  });

  test("with a used answer, in another browser, after expiry, twice concurrently", async () => {
    const { keys } = await withPasskey();
    const one = await question();
    const credential = keys.get(one.options);
    const other = await question();
    await refused(await post("/sign-in", { credential }, { cookie: other.cookie }));
    await refused(await post("/sign-in", { credential }));
    const both = await Promise.all([1, 2].map(() => post("/sign-in", { credential }, { cookie: one.cookie })));
    expect(both.map((r) => r.status).sort()).toEqual([200, 401]);
    await refused(await post("/sign-in", { credential }, { cookie: one.cookie }));
    await sql("update passkey_challenges set expires_at = now() - interval '1 second'", []);
    await refused(await post("/sign-in", { credential: keys.get(other.options) }, { cookie: other.cookie }));
  });

  test("with an unknown passkey, and a challenge for registration", async () => {
    const { user, keys } = await withPasskey();
    const otherUser = keyring();
    const options = await app.as(user).passkeys.begin({ body: { current_password: user.password } });
    otherUser.create(options);
    await refused(await signIn(otherUser));
    const { cookie } = await question();
    await refused(await post("/sign-in", { credential: keys.get(options) }, { cookie }));
  });

  test("with a decreased counter, which means that the key was copied", async () => {
    const { keys } = await withPasskey({ counter: 5 });
    expect((await signIn(keys, { counter: 6 })).status).toBe(200);
    await refused(await signIn(keys, { counter: 6 }));
    await refused(await signIn(keys, { counter: 3 }));
    expect((await signIn(keys, { counter: 7 })).status).toBe(200);
  });
});

describe("a new passkey is refused", () => {
  test.each<[string, Deviations]>([
    ["from another origin", { origin: "https://evil.example" }],
    ["for another site's id", { rpId: "evil.example" }],
    ["without user verification", { isUnverified: true }],
    ["with a challenge that was never issued", { challenge: "bm90IG91cnM" }],
  ])("%s", async (_, deviations) => {
    const user = await app.signUp();
    const response = await add(user, keyring(), deviations);
    expect([response.status, await codeOf(response)]).toEqual([400, "passkey_invalid"]);
    expect((await app.as(user).passkeys.list()).total).toBe(0);
  });

  test("with another user's challenge, and when it is already registered", async () => {
    const { user, keys } = await withPasskey();
    const other = await app.signUp();
    const options = await app.as(user).passkeys.begin({ body: { current_password: user.password } });
    const fresh = keyring();
    expect(await codeOf(await post("", { credential: fresh.create(options) }, { user: other }))).toBe("passkey_invalid");
    expect(() => keys.create(options)).toThrow("InvalidStateError");
    const again = keyring();
    const credential = again.create(await app.as(other).passkeys.begin({ body: { current_password: other.password } }));
    expect((await post("", { credential }, { user: other })).status).toBe(201);
    expect(await codeOf(await post("", { credential }, { user: other }))).toBe("passkey_invalid");
  });
});

test("another user's passkey is 404, unauthenticated is 401, invalid bodies are 422", async () => {
  const { passkey } = await withPasskey();
  const otherUser = await app.signUp();
  const remove = { method: "DELETE", json: { current_password: otherUser.password } };
  expect((await app.request(`${path}/${passkey.id}`, { ...remove, user: otherUser })).status).toBe(404);
  expect((await app.request(`${path}/${passkey.id}`, { method: "PATCH", json: { name: "Mine" }, user: otherUser })).status).toBe(404);
  expect((await app.request(path)).status).toBe(401);
  expect((await post("/options", {}, { user: otherUser })).status).toBe(400);
  expect((await post("/sign-in", { credential: { id: "x" } })).status).toBe(422);
  expect((await post("", { credential: {} }, { user: otherUser })).status).toBe(422);
});

test("the last sign-in method cannot be removed: not the only passkey of an account without a password, nor two concurrently", async () => {
  const { user, keys, passkey } = await withPasskey();
  await sql("update users set hashed_password = null where id = $1", [user.id]);
  const remove = (id: string) => app.request(`${path}/${id}`, { method: "DELETE", user, json: {} });
  expect(await codeOf(await remove(passkey.id))).toBe("last_way_in");
  expect((await signIn(keys)).status).toBe(200);
  const second = (await (await add(user, keyring())).json()) as Passkey;
  const both = await Promise.all([remove(passkey.id), remove(second.id)]);
  expect(both.map((r) => r.status).sort()).toEqual([204, 409]);
});

test("a server on an insecure public URL offers no passkeys", async () => {
  await using plain = await testApp({ env: { APP_BASE_URL: "http://studio.example.com" }, database: app.database });
  expect((await plain.as().system.config()).features.passkeys).toBe(false);
  expect((await app.as().system.config()).features.passkeys).toBe(true);
  const response = await plain.request(`${path}/sign-in/options`, { method: "POST", json: {} });
  expect([response.status, await codeOf(response)]).toEqual([503, "not_configured"]);
});
