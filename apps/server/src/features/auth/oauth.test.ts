import { randomInt } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startIdentityProvider, type IdentityProvider } from "@tesslate/testkit";
import { testApp, type TestApp } from "../../testing/app.ts";

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
    },
  });
});
afterAll(async () => {
  await app?.close();
  await provider?.close();
});

const freshPerson = () => {
  const id = randomInt(1e9);
  return { id, email: `person-${id}@example.org`, isEmailVerified: true, name: `Person ${id}`, picture: null };
};
let person = freshPerson();
beforeEach(() => provider.be((person = freshPerson())));

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
const comeBack = (to: URL, cookie: string | undefined) =>
  app.request(to.pathname + to.search, cookie === undefined ? {} : { headers: { cookie } });
async function signIn(name: string, query = ""): Promise<Response> {
  const { url, cookie } = await begin(name, query);
  return comeBack(await provider.consent(url), cookie);
}
const me = async (response: Response) => {
  const answer = await app.request("/api/users/me", { headers: { cookie: cookieOf(response, "tesslate_auth") ?? "" } });
  return (await answer.json()) as Record<string, unknown>;
};
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

describe.each(["google", "github"])("signing in with %s", (name) => {
  test("makes an account with the provider's confirmed address, and finds it again", async () => {
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

  test("asks with PKCE, for its own scopes and those asked for, and sends the browser nowhere else", async () => {
    const { url, cookie } = await begin(name, "?scopes=extra.read&scopes=more&redirect_uri=https://evil.example/");
    const query = new URL(url).searchParams;
    expect(query.get("redirect_uri")).toBe(`${app.url}/api/auth/${name}/callback`);
    expect(query.get("code_challenge_method")).toBe("S256");
    expect(query.get("scope")).toContain(
      name === "google" ? "openid email profile extra.read more" : "user:email read:user extra.read more",
    );
    await comeBack(await provider.consent(url), cookie);
    expect(provider.redemptions.at(-1)?.get("code_verifier")).toBeTruthy();
  });

  test("links to the account with the same confirmed address", async () => {
    const user = await app.signUp({ email: person.email });
    await app.studio.database.pool.query("update users set is_verified = true where id = $1", [user.id]);
    expect((await me(await signIn(name)))["id"]).toBe(user.id);
    const login = await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } });
    expect(login.status).toBe(200);
  });

  test("takes an account that nobody confirmed away from whoever made it", async () => {
    const squatter = await app.signUp({ email: person.email });
    expect((await me(await signIn(name)))["id"]).toBe(squatter.id);
    expect((await app.request("/api/users/me", { user: squatter })).status).toBe(401);
    const login = await app.request("/api/auth/login", { method: "POST", json: { email: squatter.email, password: squatter.password } });
    expect(login.status).toBe(401);
  });

  test("an address that the provider does not vouch for opens nothing", async () => {
    const user = await app.signUp({ email: person.email });
    provider.be({ isEmailVerified: false });
    const refused = await signIn(name);
    expect(refused.status).toBe(400);
    expect(await codeOf(refused)).toBe("oauth_not_available_email");
    expect(cookieOf(refused, "tesslate_auth")).toBeUndefined();
    expect((await app.request("/api/users/me", { user })).status).toBe(200);
  });

  test("a state serves once, in its own browser, for its own provider, for ten minutes", async () => {
    const { url, cookie } = await begin(name);
    const back = await provider.consent(url);
    const before = provider.redemptions.length;
    expect(await codeOf(await comeBack(back, undefined))).toBe("invalid_state_token");
    const other = await begin(name);
    expect(await codeOf(await comeBack(back, other.cookie))).toBe("invalid_state_token");
    const elsewhere = new URL(back.href.replace(`/${name}/`, name === "google" ? "/github/" : "/google/"));
    expect(await codeOf(await comeBack(elsewhere, cookie))).toBe("invalid_state_token");
    expect(provider.redemptions.length).toBe(before);
    expect((await comeBack(back, cookie)).status).toBe(303);
    expect(await codeOf(await comeBack(back, cookie))).toBe("invalid_state_token");

    const late = await begin(name);
    await app.studio.database.pool.query("update oauth_states set expires_at = now() - interval '1 second'");
    expect(await codeOf(await comeBack(await provider.consent(late.url), late.cookie))).toBe("state_token_expired");
  });

  test("two tabs of one browser can both be under way", async () => {
    const one = await begin(name);
    const response = await app.request(`/api/auth/${name}/authorize`, { headers: { cookie: one.cookie } });
    const two = (await response.json()) as { authorization_url: string };
    expect((await comeBack(await provider.consent(two.authorization_url), one.cookie)).status).toBe(303);
    expect((await comeBack(await provider.consent(one.url), one.cookie)).status).toBe(303);
  });

  test("a refusal at the provider, a code of somebody else's sign-in, a disabled account", async () => {
    provider.denyNext();
    expect(await codeOf(await signIn(name))).toBe("oauth_denied");

    const mine = await begin(name);
    const theirs = await begin(name);
    const mixed = await provider.consent(mine.url);
    mixed.searchParams.set("code", (await provider.consent(theirs.url)).searchParams.get("code") ?? "");
    const failed = await comeBack(mixed, mine.cookie);
    expect(failed.status).toBe(303);
    expect(failed.headers.get("location")).toBe(`${app.url}/login?error=oauth_failed`);
    expect(cookieOf(failed, "tesslate_auth")).toBeUndefined();

    const user = await me(await signIn(name));
    await app.studio.database.pool.query("update users set is_suspended = true where id = $1", [user["id"]]);
    const refused = await signIn(name);
    expect(refused.status).toBe(401);
    expect(await codeOf(refused)).toBe("login_bad_credentials");
  });

  test("leads back into the app only", async () => {
    for (const next of ["//evil.example", "https://evil.example", "/\\evil.example"]) {
      const response = await signIn(name, `?next=${encodeURIComponent(next)}`);
      expect(response.headers.get("location")).toBe(`${app.url}/oauth/callback`);
    }
  });

  test("the same person twice at once becomes one account", async () => {
    const [one, two] = [await begin(name), await begin(name)];
    const answers = await Promise.all([
      comeBack(await provider.consent(one.url), one.cookie),
      comeBack(await provider.consent(two.url), two.cookie),
    ]);
    expect(answers.map((r) => r.status)).toEqual([303, 303]);
    const [a, b] = await Promise.all(answers.map(me));
    expect(a?.["id"]).toBe(b?.["id"]);
  });
});

test("what is not set up says so, also in the public configuration", async () => {
  await using bare = await testApp();
  for (const path of ["/api/auth/google/authorize", "/api/auth/github/callback?code=x&state=y"]) {
    const response = await bare.request(path);
    expect(response.status).toBe(503);
    expect(await codeOf(response)).toBe("oauth_not_configured");
  }
  const features = async (of: TestApp) =>
    ((await (await of.request("/api/config")).json()) as { features: Record<string, boolean> }).features;
  expect(await features(bare)).toMatchObject({ google_oauth: false, github_oauth: false });
  expect(await features(app)).toMatchObject({ google_oauth: true, github_oauth: true });
});

test("a provider that is away is a bad gateway, and asked again later", async () => {
  const gone = await startIdentityProvider();
  await using lone = await testApp({ env: { GOOGLE_CLIENT_ID: "x", GOOGLE_CLIENT_SECRET: "y", GOOGLE_ISSUER: gone.url } });
  await gone.close();
  expect((await lone.request("/api/auth/google/authorize")).status).toBe(502);
});

test("no code, token or secret is logged", async () => {
  const { url, cookie } = await begin("google");
  const back = await provider.consent(url);
  await comeBack(back, cookie);
  for (const secret of [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? "", provider.clientSecret])
    expect(app.logs()).not.toContain(secret);
});
