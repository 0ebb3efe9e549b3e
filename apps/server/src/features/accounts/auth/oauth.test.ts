import { randomInt } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { appCode, createAuthenticator, startIdentityProvider, type IdentityProvider } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let provider: IdentityProvider;
let app: TestApp;
beforeAll(async () => {
  provider = await startIdentityProvider();
  app = await testApp({
    env: {
      GOOGLE_CLIENT_ID: provider.clientId,
      GOOGLE_CLIENT_SECRET: provider.clientSecret,
      GOOGLE_ISSUER: provider.url,
      GITHUB_CLIENT_ID: provider.clientId,
      GITHUB_CLIENT_SECRET: provider.clientSecret,
      GITHUB_BASE_URL: provider.url,
      GITHUB_API_URL: provider.apiUrl,
      OIDC_ISSUER: provider.url,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_NAME: "Example Corp",
    },
  });
});
afterAll(async () => {
  await app?.close();
  await provider?.close();
});

const freshUser = () => {
  const id = randomInt(1e9);
  return { id, email: `person-${id}@example.org`, isEmailVerified: true, name: `Person ${id}`, picture: null };
};
let person = freshUser();
beforeEach(() => {
  provider.misbehave({});
  provider.be((person = freshUser()));
});

const cookieOf = (response: Response, name: string) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0] ?? "")
    .find((pair) => pair.startsWith(`${name}=`));
async function begin(name: string, query = ""): Promise<{ url: string; cookie: string }> {
  const response = await app.request(`/api/auth/${name}/authorize${query}`);
  expect(response.status).toBe(200);
  const { authorization_url } = (await response.json()) as { authorization_url: string };
  return { url: authorization_url, cookie: cookieOf(response, "tesslate_oauth") ?? "" };
}
const openCallback = (to: URL, cookie: string | undefined) =>
  app.request(to.pathname + to.search, cookie === undefined ? {} : { headers: { cookie } });
async function signIn(name: string, query = ""): Promise<Response> {
  const { url, cookie } = await begin(name, query);
  return openCallback(await provider.consent(url), cookie);
}
const me = async (response: Response) => {
  const answer = await app.request("/api/users/me", { headers: { cookie: cookieOf(response, "tesslate_auth") ?? "" } });
  return (await answer.json()) as Record<string, unknown>;
};
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

describe.each(["google", "github", "oidc"])("signing in with %s", (name) => {
  test("creates an account with the provider's verified address, and finds it again", async () => {
    provider.be({ picture: "https://example.org/ada.png" });
    const first = await signIn(name, "?next=/projects");
    expect(first.status).toBe(303);
    expect(first.headers.get("location")).toBe(`${app.url}/oauth/callback?next=%2Fprojects`);
    const made = await me(first);
    expect(made).toMatchObject({
      email: person.email,
      name: person.name,
      is_verified: true,
      is_superuser: false,
      avatar_url: "https://example.org/ada.png",
    });
    provider.be({ email: `moved-${person.email}` });
    expect((await me(await signIn(name)))["id"]).toBe(made["id"]);
  });

  test("uses PKCE, requests its own scopes and additional ones, and redirects the browser to the provider only", async () => {
    const elsewhere = await app.request(`/api/auth/${name}/authorize?redirect_uri=https://evil.example/`);
    expect(elsewhere.status).toBe(422);
    const { url, cookie } = await begin(name, "?scopes=extra.read&scopes=more");
    const query = new URL(url).searchParams;
    expect(query.get("redirect_uri")).toBe(`${app.url}/api/auth/${name}/callback`);
    expect(query.get("code_challenge_method")).toBe("S256");
    expect(query.get("scope")).toContain(
      name === "github" ? "user:email read:user extra.read more" : "openid email profile extra.read more",
    );
    await openCallback(await provider.consent(url), cookie);
    expect(provider.redemptions.at(-1)?.get("code_verifier")).toBeTruthy();
  });

  test("links to the account with the same verified address", async () => {
    const user = await app.signUp({ email: person.email });
    await app.studio.database.pool.query("update users set is_verified = true where id = $1", [user.id]);
    expect((await me(await signIn(name)))["id"]).toBe(user.id);
    const login = await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } });
    expect(login.status).toBe(200);
  });

  test("takes over an unverified account from the person who created it", async () => {
    const squatter = await app.signUp({ email: person.email });
    expect((await me(await signIn(name)))["id"]).toBe(squatter.id);
    expect((await app.request("/api/users/me", { user: squatter })).status).toBe(401);
    const login = await app.request("/api/auth/login", { method: "POST", json: { email: squatter.email, password: squatter.password } });
    expect(login.status).toBe(401);
  });

  test("an unverified address does not sign in", async () => {
    const user = await app.signUp({ email: person.email });
    provider.be({ isEmailVerified: false });
    const refused = await signIn(name);
    expect(refused.status).toBe(400);
    expect(await codeOf(refused)).toBe("oauth_not_available_email");
    expect(cookieOf(refused, "tesslate_auth")).toBeUndefined();
    expect((await app.request("/api/users/me", { user })).status).toBe(200);
  });

  test("a state works once, in its own browser, for its own provider, for ten minutes", async () => {
    const { url, cookie } = await begin(name);
    const back = await provider.consent(url);
    const before = provider.redemptions.length;
    expect(await codeOf(await openCallback(back, undefined))).toBe("invalid_state_token");
    const other = await begin(name);
    expect(await codeOf(await openCallback(back, other.cookie))).toBe("invalid_state_token");
    const elsewhere = new URL(back.href.replace(`/${name}/`, name === "github" ? "/google/" : "/github/"));
    expect(await codeOf(await openCallback(elsewhere, cookie))).toBe("invalid_state_token");
    expect(provider.redemptions.length).toBe(before);
    expect((await openCallback(back, cookie)).status).toBe(303);
    expect(await codeOf(await openCallback(back, cookie))).toBe("invalid_state_token");

    const late = await begin(name);
    await app.studio.database.pool.query("update oauth_states set expires_at = now() - interval '1 second'");
    expect(await codeOf(await openCallback(await provider.consent(late.url), late.cookie))).toBe("state_token_expired");
  });

  test("two tabs of one browser can sign in at the same time", async () => {
    const one = await begin(name);
    const response = await app.request(`/api/auth/${name}/authorize`, { headers: { cookie: one.cookie } });
    const two = (await response.json()) as { authorization_url: string };
    expect((await openCallback(await provider.consent(two.authorization_url), one.cookie)).status).toBe(303);
    expect((await openCallback(await provider.consent(one.url), one.cookie)).status).toBe(303);
  });

  test("a denial at the provider, a code of another flow and a disabled account do not sign in", async () => {
    provider.denyNext();
    expect(await codeOf(await signIn(name))).toBe("oauth_denied");

    const mine = await begin(name);
    const theirs = await begin(name);
    const mixed = await provider.consent(mine.url);
    mixed.searchParams.set("code", (await provider.consent(theirs.url)).searchParams.get("code") ?? "");
    const failed = await openCallback(mixed, mine.cookie);
    expect(failed.status).toBe(303);
    expect(failed.headers.get("location")).toBe(`${app.url}/login?error=oauth_failed`);
    expect(cookieOf(failed, "tesslate_auth")).toBeUndefined();

    const user = await me(await signIn(name));
    await app.studio.database.pool.query("update users set is_suspended = true where id = $1", [user["id"]]);
    const refused = await signIn(name);
    expect(refused.status).toBe(401);
    expect(await codeOf(refused)).toBe("login_bad_credentials");
  });

  test("redirects into the app only", async () => {
    for (const next of ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/.//evil.example"]) {
      const response = await signIn(name, `?next=${encodeURIComponent(next)}`);
      expect(response.headers.get("location")).toBe(`${app.url}/oauth/callback`);
    }
  });

  test("two concurrent first sign-ins create one account", async () => {
    const [one, two] = [await begin(name), await begin(name)];
    const answers = await Promise.all([
      openCallback(await provider.consent(one.url), one.cookie),
      openCallback(await provider.consent(two.url), two.cookie),
    ]);
    expect(answers.map((r) => r.status)).toEqual([303, 303]);
    const [a, b] = await Promise.all(answers.map(me));
    expect(a?.["id"]).toBe(b?.["id"]);
  });
});

test("a server for some domains creates accounts for their confirmed addresses only, and lets existing ones sign in", async () => {
  const shared = app;
  const oidc = {
    OIDC_ISSUER: provider.url,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    SIGN_UP: "providers",
    SIGN_UP_EMAIL_DOMAINS: "example.org,Example.net",
  };
  app = await testApp({ env: oidc });
  try {
    expect(await me(await signIn("oidc"))).toMatchObject({ email: person.email });
    provider.be({ ...freshUser(), email: "ada@EXAMPLE.NET" });
    expect(await me(await signIn("oidc"))).toMatchObject({ email: "ada@example.net" });
    for (const email of ["eve@evil.example", "eve@sub.example.org", "eve@example.org.evil.example"]) {
      provider.be({ ...freshUser(), email });
      const refused = await signIn("oidc");
      expect([refused.status, await codeOf(refused)]).toEqual([403, "sign_up_closed"]);
    }
    const { rows } = await app.studio.database.pool.query("select email from users where email like 'eve@%'");
    expect(rows).toEqual([]);
  } finally {
    await app.close();
    app = shared;
  }
});

describe.each(["google", "oidc"])("an identity of %s is refused", (name) => {
  test.each<[string, Parameters<IdentityProvider["misbehave"]>[0]]>([
    ["of another issuer", { claims: { iss: "https://evil.example" } }],
    ["for another client", { claims: { aud: "other-client" } }],
    ["for several clients with another authorized party", { claims: { aud: ["studio-client", "other"], azp: "other" } }],
    ["with another nonce", { claims: { nonce: "replayed" } }],
    ["without a nonce", { claims: { nonce: undefined } }],
    ["that has expired", { claims: { iat: 1_600_000_000, exp: 1_600_000_300 } }],
    ["signed with another key", { isForged: true }],
    ["without a subject", { claims: { sub: undefined } }],
  ])("%s", async (_, how) => {
    const user = await app.signUp({ email: person.email });
    await app.studio.database.pool.query("update users set is_verified = true where id = $1", [user.id]);
    provider.misbehave(how);
    const response = await signIn(name);
    expect([response.status, response.headers.get("location")]).toEqual([303, `${app.url}/login?error=oauth_failed`]);
    expect(cookieOf(response, "tesslate_auth")).toBeUndefined();
    expect((await app.as(user).linkedAccounts.list()).total).toBe(0);
  });
});

test.each(["google", "github", "oidc"])("a failing provider (%s) does not sign in, and works again later", async (name) => {
  provider.misbehave({ tokenStatus: 500 });
  const failed = await signIn(name);
  expect(failed.headers.get("location")).toBe(`${app.url}/login?error=oauth_failed`);
  provider.misbehave({});
  expect((await signIn(name)).headers.get("location")).toBe(`${app.url}/oauth/callback`);
});

test("GitHub's first verified address is used, even if the primary one is not verified; without one no account is created", async () => {
  const confirmed = `second-${person.email}`;
  const emails = [
    { email: person.email, primary: true, verified: false },
    { email: confirmed, primary: false, verified: true },
  ];
  const squatted = await app.signUp({ email: person.email });
  provider.misbehave({ emails });
  expect(await me(await signIn("github"))).toMatchObject({ email: confirmed });
  expect((await app.request("/api/users/me", { user: squatted })).status).toBe(200);
  provider.be(freshUser());
  for (const none of [[], [{ email: person.email, primary: true, verified: false }]]) {
    provider.misbehave({ emails: none });
    expect(await codeOf(await signIn("github"))).toBe("oauth_not_available_email");
  }
});

test.each(["google", "github", "oidc"])("a lookalike address from %s does not sign in to the account it resembles", async (name) => {
  const victim = await app.signUp({ email: `kim-${person.id}@example.org` });
  await app.studio.database.pool.query("update users set is_verified = true where id = $1", [victim.id]);
  // The Kelvin sign becomes an ordinary k when lowercased, the fullwidth letter when normalized.
  for (const email of [`\u212aim-${person.id}@example.org`, `\uff4bim-${person.id}@example.org`, `kim-${person.id}\u200b@example.org`]) {
    provider.be({ ...freshUser(), email });
    expect(await codeOf(await signIn(name))).toBe("oauth_not_available_email");
  }
  provider.be({ ...freshUser(), email: ` KIM-${person.id}@Example.org ` });
  expect((await me(await signIn(name)))["id"]).toBe(victim.id);
});

test("an OpenID Connect provider: missing claims are read from userinfo, users are identified by issuer, its name is public", async () => {
  provider.misbehave({ claims: { email: undefined, email_verified: undefined, name: undefined } });
  expect(await me(await signIn("oidc"))).toMatchObject({ email: person.email, name: person.name });
  const { rows } = await app.studio.database.pool.query("select account_id from oauth_accounts where account_email = $1", [person.email]);
  expect(rows).toEqual([{ account_id: `${provider.url} ${person.id}` }]);
  expect(await app.as().system.config()).toMatchObject({ oidc_name: "Example Corp", features: { oidc: true } });
});

test("a provider without email_verified is trusted only if the operator configured it", async () => {
  provider.misbehave({ claims: { email_verified: undefined } });
  expect(await codeOf(await signIn("oidc"))).toBe("oauth_not_available_email");
  await using trusting = await testApp({
    env: {
      OIDC_ISSUER: provider.url,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_TRUST_EMAIL: "true",
    },
  });
  const of = async () => {
    const response = await trusting.request("/api/auth/oidc/authorize");
    const { authorization_url } = (await response.json()) as { authorization_url: string };
    const back = await provider.consent(authorization_url);
    return trusting.request(back.pathname + back.search, { headers: { cookie: cookieOf(response, "tesslate_oauth") ?? "" } });
  };
  expect((await of()).headers.get("location")).toBe(`${trusting.url}/oauth/callback`);
  provider.be(freshUser());
  provider.misbehave({ claims: { email_verified: false } });
  expect(await codeOf(await of())).toBe("oauth_not_available_email");
});

test("a refused callback shows a browser a page that leads back to the sign-in page", async () => {
  provider.denyNext();
  const { url, cookie } = await begin("google");
  const back = await provider.consent(url);
  const response = await app.request(back.pathname + back.search, { headers: { cookie, accept: "text/html,*/*" } });
  expect([response.status, response.headers.get("content-type")]).toEqual([400, "text/html; charset=utf-8"]);
  expect(await response.text()).toContain(`url=${app.url}/login?error=oauth_denied`);
});

test("a person who registered another person's address loses access once the owner signs in", async () => {
  const owned = person;
  const squatter = await app.signUp({ email: owned.email });
  const proof = { current_password: squatter.password };
  const keys = createAuthenticator({ origin: app.url });
  const credential = keys.create(await app.as(squatter).passkeys.begin({ body: proof }));
  await app.request("/api/auth/passkeys", { method: "POST", user: squatter, json: { credential } });
  const { secret } = await app.as(squatter).secondFactor.beginTotp({ body: proof });
  const { recovery_codes } = await app.as(squatter).secondFactor.confirmTotp({ body: { code: appCode(secret) } });
  const { key } = await app.as(squatter).auth.createApiKey({ body: { name: "kept", scopes: ["read"] } });
  const waiting = await app.as().auth.login({ body: { email: squatter.email, password: squatter.password } });
  provider.be(freshUser());
  const linking = await app.request("/api/auth/linked-accounts", {
    method: "POST",
    user: squatter,
    json: { provider: "github", ...proof },
  });
  const { authorization_url } = (await linking.json()) as { authorization_url: string };
  await openCallback(await provider.consent(authorization_url), cookieOf(linking, "tesslate_oauth"));
  expect((await me(await signIn("github")))["id"]).toBe(squatter.id);

  provider.be(owned);
  const owner = await signIn("google");
  expect((await me(owner))["id"]).toBe(squatter.id);
  expect((await app.request("/api/users/me", { user: { token: key } })).status).toBe(401);
  const question = await app.request("/api/auth/passkeys/sign-in/options", { method: "POST", json: {} });
  const options: unknown = await question.json();
  const used = await app.request("/api/auth/passkeys/sign-in", {
    method: "POST",
    json: { credential: keys.get(options) },
    headers: { cookie: cookieOf(question, "tesslate_passkey") ?? "" },
  });
  expect(await codeOf(used)).toBe("passkey_refused");
  for (const given of [{ code: appCode(secret, 1) }, { recovery_code: recovery_codes[0] }]) {
    const response = await app.request("/api/auth/2fa/verify", { method: "POST", json: { temp_token: waiting.temp_token, ...given } });
    expect(await codeOf(response)).toBe("two_fa_session_invalid");
  }
  const cookie = cookieOf(owner, "tesslate_auth") ?? "";
  const linked = await app.request("/api/auth/linked-accounts", { headers: { cookie } });
  expect(((await linked.json()) as { items: { provider: string }[] }).items.map((a) => a.provider)).toEqual(["google"]);
});

describe("linked accounts", () => {
  const link = async (user: TestUser, name: string, given: object = { current_password: user.password }) => {
    const response = await app.request("/api/auth/linked-accounts", { method: "POST", user, json: { provider: name, ...given } });
    if (response.status !== 200) return response;
    const { authorization_url } = (await response.json()) as { authorization_url: string };
    return openCallback(await provider.consent(authorization_url), cookieOf(response, "tesslate_oauth"));
  };
  const at = (query: string) => `${app.url}/settings/security?${query}`;
  const list = async (user: TestUser) => (await app.as(user).linkedAccounts.list()).items;
  const remove = (user: TestUser, id: string, json: object = { current_password: user.password }) =>
    app.request(`/api/auth/linked-accounts/${id}`, { method: "DELETE", user, json });

  test("an account with any address can be linked, signs in, and is unlinked", async () => {
    const user = await app.signUp();
    provider.be({ isEmailVerified: false });
    for (const name of ["google", "github", "oidc"]) {
      const linked = await link(user, name);
      expect([linked.status, linked.headers.get("location")]).toEqual([303, at(`linked=${name}`)]);
      expect(cookieOf(linked, "tesslate_auth")).toBeUndefined();
      expect((await me(await signIn(name)))["id"]).toBe(user.id);
    }
    expect((await list(user)).map((a) => a.provider).sort()).toEqual(["github", "google", "oidc"]);
    for (const { id } of await list(user)) expect((await remove(user, id)).status).toBe(204);
    expect(await list(user)).toEqual([]);
    expect(await codeOf(await signIn("google"))).toBe("oauth_not_available_email");
    const { items } = await app.as(user).secondFactor.events({ query: { limit: 50 } });
    expect(items.map((e) => e.kind)).toEqual(expect.arrayContaining(["account_linked", "account_unlinked"]));
  });

  test("an identity linked to another account stays there; denials and failures are reported", async () => {
    const owner = await app.signUp();
    expect((await link(owner, "google")).headers.get("location")).toBe(at("linked=google"));
    const other = await app.signUp();
    expect((await link(other, "google")).headers.get("location")).toBe(at("link_error=account_linked_elsewhere"));
    expect((await link(owner, "google")).headers.get("location")).toBe(at("linked=google"));
    expect(await list(other)).toEqual([]);
    provider.denyNext();
    expect((await link(other, "google")).headers.get("location")).toBe(at("link_error=oauth_denied"));
    provider.misbehave({ isForged: true });
    expect((await link(other, "google")).headers.get("location")).toBe(at("link_error=bad_gateway"));
  });

  test("linking needs the password, the same browser, and a live session", async () => {
    const user = await app.signUp();
    expect(await codeOf(await link(user, "google", {}))).toBe("current_password_required");
    const response = await app.request("/api/auth/linked-accounts", {
      method: "POST",
      user,
      json: { provider: "google", current_password: user.password },
    });
    const { authorization_url } = (await response.json()) as { authorization_url: string };
    const back = await provider.consent(authorization_url);
    const victim = await begin("google");
    expect(await codeOf(await openCallback(back, victim.cookie))).toBe("invalid_state_token");
    await app.request("/api/auth/logout", { method: "POST", user });
    const late = await openCallback(back, cookieOf(response, "tesslate_oauth"));
    expect(late.headers.get("location")).toBe(at("link_error=unauthorized"));
  });

  test("the last sign-in method cannot be removed; another user's is 404, unauthenticated 401, invalid bodies 422", async () => {
    const created = await signIn("google");
    const id = (await me(created))["id"] as string;
    const token = (cookieOf(created, "tesslate_auth") ?? "").split("=")[1] ?? "";
    const user = { id, token } as TestUser;
    const [only] = await list(user);
    expect(await codeOf(await remove(user, only?.id ?? "", {}))).toBe("last_way_in");
    await app.as(user).users.updateMe({ body: { password: "a password at last" } });
    const outsider = await app.signUp();
    expect((await remove(outsider, only?.id ?? "")).status).toBe(404);
    expect((await remove(user, only?.id ?? "", { current_password: "a password at last" })).status).toBe(204);
    expect((await app.request("/api/auth/linked-accounts")).status).toBe(401);
    expect((await app.request("/api/auth/linked-accounts", { method: "POST", user: outsider, json: { provider: "myspace" } })).status).toBe(
      422,
    );
  });
});

test("an unconfigured provider is reported as such, also in the public configuration", async () => {
  await using bare = await testApp();
  for (const path of ["/api/auth/google/authorize", "/api/auth/github/callback?code=x&state=y", "/api/auth/oidc/authorize"]) {
    const response = await bare.request(path);
    expect(response.status).toBe(503);
    expect(await codeOf(response)).toBe("oauth_not_configured");
  }
  const features = async (of: TestApp) =>
    ((await (await of.request("/api/config")).json()) as { features: Record<string, boolean> }).features;
  expect(await features(bare)).toMatchObject({ google_oauth: false, github_oauth: false });
  expect(await features(app)).toMatchObject({ google_oauth: true, github_oauth: true });
});

test("an unreachable provider answers 502; one that becomes unreachable before the callback does not sign in and leads to the sign-in page", async () => {
  const failing = await startIdentityProvider();
  const { clientId, clientSecret, url, apiUrl } = failing;
  const ownApi = await startIdentityProvider();
  const env = { GITHUB_CLIENT_ID: clientId, GITHUB_CLIENT_SECRET: clientSecret, GITHUB_BASE_URL: url };
  failing.be(person);
  // Its pages respond and its API does not; then neither does.
  const google = { GOOGLE_CLIENT_ID: "x", GOOGLE_CLIENT_SECRET: "y", GOOGLE_ISSUER: ownApi.url };
  await using half = await testApp({ env: { ...env, ...google, GITHUB_API_URL: ownApi.apiUrl } });
  await using full = await testApp({ env: { ...env, GITHUB_API_URL: apiUrl } });
  await ownApi.close();
  expect((await half.request("/api/auth/google/authorize")).status).toBe(502);
  const flows = await Promise.all(
    [half, full].map(async (at) => {
      const response = await at.request("/api/auth/github/authorize");
      const { authorization_url } = (await response.json()) as { authorization_url: string };
      return { at, cookie: cookieOf(response, "tesslate_oauth") ?? "", back: await failing.consent(authorization_url) };
    }),
  );
  for (const { at, cookie, back } of flows) {
    if (at === full) await failing.close();
    const response = await at.request(back.pathname + back.search, { headers: { cookie } });
    expect([response.status, response.headers.get("location")]).toEqual([303, `${at.url}/login?error=oauth_failed`]);
    expect(cookieOf(response, "tesslate_auth")).toBeUndefined();
    expect((await at.studio.database.pool.query("select 1 from users where email = $1", [person.email])).rowCount).toBe(0);
    // The redirect to the provider needs no response of it.
    expect((await at.request("/api/auth/github/authorize")).status).toBe(200);
  }
});

test("no code, token or secret is logged", async () => {
  const { url, cookie } = await begin("google");
  const back = await provider.consent(url);
  await openCallback(back, cookie);
  for (const secret of [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? "", provider.clientSecret])
    expect(app.logs()).not.toContain(secret);
});
