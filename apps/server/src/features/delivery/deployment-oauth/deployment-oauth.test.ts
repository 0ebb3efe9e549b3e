import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startNetlify, startVercel, type NetlifyFake, type VercelFake } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { oauthStates } from "../../../db/schema/accounts.ts";
import { deploymentCredentials } from "../../../db/schema/delivery.ts";
import { createDeploymentCredentials, createDeploymentCredentialsStore, credentialAad } from "../deployment-credentials/index.ts";
import { createProviderAdapters, type Credential } from "../deployments/index.ts";
import { createOutbound } from "../../../platform/outbound.ts";
import { createLogger } from "../../../platform/logger.ts";
import { createOauthApps, tokenRenewalOf } from "./index.ts";

let app: TestApp;
let vercel: VercelFake;
let netlify: NetlifyFake;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  [vercel, netlify] = await Promise.all([startVercel(), startNetlify()]);
  app = await testApp({
    env: {
      VERCEL_API_URL: vercel.url,
      VERCEL_AUTHORIZE_URL: `${vercel.url}/oauth/authorize`,
      VERCEL_CLIENT_ID: vercel.oauth.clientId,
      VERCEL_CLIENT_SECRET: vercel.oauth.clientSecret,
      NETLIFY_API_URL: netlify.apiUrl,
      NETLIFY_AUTHORIZE_URL: `${netlify.url}/authorize`,
      NETLIFY_CLIENT_ID: netlify.oauth.clientId,
      NETLIFY_CLIENT_SECRET: netlify.oauth.clientSecret,
    },
  });
});
beforeEach(async () => {
  vercel.settle();
  vercel.teams.length = 0;
  [ada, bob] = await Promise.all([app.signUp(), app.signUp()]);
});
afterAll(async () => {
  await app?.close();
  await Promise.all([vercel, netlify].map((fake) => fake?.close()));
});

const path = "/api/deployment-oauth";
async function begin(provider: "vercel" | "netlify", user = ada, query = "") {
  const response = await app.request(`${path}/${provider}/authorize${query}`, { user });
  expect(response.status).toBe(200);
  const [cookie = ""] = response.headers.getSetCookie().filter((line) => line.startsWith("tesslate_deploy_connect="));
  expect(cookie).toMatch(/HttpOnly.*SameSite=Lax|SameSite=Lax.*HttpOnly/);
  const { authorization_url } = (await response.json()) as { authorization_url: string };
  return { url: authorization_url, cookie: cookie.split(";")[0] ?? "" };
}
async function openCallback(to: URL, by: { cookie?: string; user?: TestUser } = {}) {
  const response = await app.request(to.pathname + to.search, {
    headers: { ...(by.cookie && { cookie: by.cookie }) },
    ...(by.user && { user: by.user }),
  });
  return { status: response.status, headers: response.headers, html: await response.text() };
}
const mine = (user = ada) => app.as(user).deploymentCredentials.list({ query: {} });

test.each(["vercel", "netlify"] as const)("connects a %s account in the browser and notifies the app", async (provider) => {
  const fake = provider === "vercel" ? vercel : netlify;
  const { url, cookie } = await begin(provider);
  const query = new URL(url).searchParams;
  expect(query.get("redirect_uri")).toBe(`${app.url}${path}/${provider}/callback`);
  expect(query.has("code_verifier")).toBe(false);
  if (provider === "vercel") expect(query.get("scope")).toContain("offline_access");
  const done = await openCallback(fake.oauth.consent(url), { cookie });
  expect(done.status).toBe(200);
  expect(done.headers.get("content-type")).toMatch(/^text\/html/);
  const nonce = /script-src 'nonce-([^']+)'/.exec(done.headers.get("content-security-policy") ?? "")?.[1];
  expect(done.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(done.html).toContain(`<script nonce="${nonce}">`);
  expect(done.html).toContain(`window.opener.postMessage(outcome,"${app.url}")`);
  expect(done.html).toContain(`{"type":"deployment-oauth","provider":"${provider}","success":true`);
  const { items, providers } = await mine();
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    provider,
    kind: "oauth",
    is_default: true,
    needs_reconnect: false,
    metadata: { account_name: provider === "vercel" ? "ada" : "Ada Lovelace" },
  });
  expect(items[0]?.expires_at === null).toBe(provider === "netlify");
  expect(providers.filter(({ oauth_available }) => oauth_available).map(({ name }) => name)).toEqual(["vercel", "netlify"]);
  const tested = await app.as(ada).deploymentCredentials.test({ params: { id: items[0]?.id ?? "" } });
  expect(tested.valid).toBe(true);
  expect(app.logs()).not.toMatch(/o[ar]t_[0-9a-f]{24}/);
});

test("rejects a grant that cannot deploy and keeps a working token", async () => {
  await app.as(ada).deploymentCredentials.save({ body: { provider: "vercel", access_token: vercel.token } });
  const [before] = (await mine()).items;
  vercel.mayOauthDeploy(false);
  const refused = await begin("vercel").then(({ url, cookie }) => openCallback(vercel.oauth.consent(url), { cookie }));
  vercel.mayOauthDeploy(true);
  expect(refused.status).toBe(400);
  expect(refused.html).toContain("https://vercel.com/account/settings/tokens");
  expect(refused.html).toContain('"success":false');
  expect((await mine()).items).toEqual([before]);
  expect(vercel.oauth.revoked.length).toBeGreaterThan(0);

  // Nor does a grant that Vercel could not check.
  vercel.trouble({ on: /v10\/projects/, times: 9, reply: { status: 503, body: {} } });
  const unknown = await begin("vercel").then(({ url, cookie }) => openCallback(vercel.oauth.consent(url), { cookie }));
  vercel.settle();
  expect([unknown.status, unknown.html.includes("your existing connection was kept.")]).toEqual([400, true]);
  expect((await mine()).items).toEqual([before]);
  expect(await app.as(ada).deploymentCredentials.test({ params: { id: before?.id ?? "" } })).toMatchObject({ valid: true });
  vercel.oauth.revoked.length = 0;
});

test("connects for one project with a team choice; another user's project is not found", async () => {
  const project = await emptyProject(app, ada);
  vercel.teams.push({ id: "team_1", name: "Crew", slug: "crew" });
  expect((await app.request(`${path}/vercel/authorize?project_id=${project.id}`, { user: bob })).status).toBe(404);
  const { url, cookie } = await begin("vercel", ada, `?project_id=${project.slug}`);
  const done = await openCallback(vercel.oauth.consent(url), { cookie });
  expect(done.html).toContain('"has_choice":true');
  const [made] = (await mine()).items;
  // No team was selected.
  expect(made).toMatchObject({ project_id: project.id, metadata: { account_name: "ada" } });
  // The provider named the team.
  const named = await begin("vercel");
  const back = vercel.oauth.consent(named.url);
  back.searchParams.set("teamId", "team_1");
  await openCallback(back, { cookie: named.cookie });
  expect((await mine()).items.find(({ is_default }) => is_default)?.metadata).toEqual({ team_id: "team_1", account_name: "Crew" });
});

test("accepts a state once, for its user, browser or session, provider and lifetime", async () => {
  const { url, cookie } = await begin("vercel");
  const back = vercel.oauth.consent(url);
  const exchanges = () => vercel.calls.filter(({ call }) => call.endsWith("/login/oauth/token")).length;
  const before = exchanges();
  // Another browser: anonymous, with another user, and with another flow's state.
  expect(await openCallback(back)).toMatchObject({ status: 401 });
  expect(await openCallback(back, { user: bob })).toMatchObject({ status: 400 });
  const other = await begin("vercel", bob);
  expect(await openCallback(back, { cookie: other.cookie })).toMatchObject({ status: 401 });
  const crossed = new URL(back.href.replace("/vercel/", "/netlify/"));
  expect(await openCallback(crossed, { cookie })).toMatchObject({ status: 401 });
  expect((await mine()).total + (await mine(bob)).total).toBe(0);
  expect(exchanges()).toBe(before);
  // The same session works in another browser; afterwards the state is used up.
  expect(await openCallback(back, { user: ada })).toMatchObject({ status: 200 });
  expect(await openCallback(back, { cookie, user: ada })).toMatchObject({ status: 400 });
  expect((await mine()).total).toBe(1);

  // The right browser, but another user signed in there.
  const swapped = await begin("vercel", bob);
  expect(await openCallback(vercel.oauth.consent(swapped.url), { cookie: swapped.cookie, user: ada })).toMatchObject({ status: 400 });
  expect((await mine(bob)).total).toBe(0);
  // Of ten concurrent callbacks one succeeds.
  const raced = await begin("netlify", bob);
  const to = netlify.oauth.consent(raced.url);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => openCallback(to, { cookie: raced.cookie })));
  expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
  // Expired.
  const late = await begin("netlify", bob);
  await app.db.update(oauthStates).set({ expires_at: sql`now() - interval '1 second'` as never });
  expect(await openCallback(netlify.oauth.consent(late.url), { cookie: late.cookie })).toMatchObject({ status: 400 });
  // Signed out in between.
  const signedOut = await begin("netlify", bob);
  await app.as(bob).auth.logout();
  expect(await openCallback(netlify.oauth.consent(signedOut.url), { cookie: signedOut.cookie })).toMatchObject({ status: 400 });
});

test("escapes provider messages in the popup", async () => {
  const evil = `</p><script>alert(1)</script>"'&`;
  const { url, cookie } = await begin("netlify");
  const denied = await openCallback(netlify.oauth.consent(url, { deny: evil }), { cookie });
  expect(denied.status).toBe(400);
  expect(denied.html).not.toContain("<script>alert");
  expect(denied.html).toContain("&#60;script&#62;alert(1)");
  expect(denied.html).toContain('"success":false');
  const again = await begin("netlify");
  const noCode = netlify.oauth.consent(again.url);
  noCode.searchParams.delete("code");
  expect(await openCallback(noCode, { cookie: again.cookie })).toMatchObject({ status: 400 });
  const wrong = await begin("netlify");
  const wrongCode = netlify.oauth.consent(wrong.url);
  wrongCode.searchParams.set("code", "stolen");
  const refused = await openCallback(wrongCode, { cookie: wrong.cookie });
  expect(refused.status).toBe(400);
  expect(refused.html).toContain("the code is not valid");
  expect((await mine()).total).toBe(0);
});

test("restarts the flow after an installation from the provider's site", async () => {
  const install = new URL(`${app.url}${path}/vercel/callback?code=another-users&configurationId=icfg_1&teamId=team_x`);
  expect((await openCallback(install)).status).toBe(401);
  const response = await app.request(install.pathname + install.search, { user: ada });
  expect(response.status).toBe(200);
  const next = /href="([^"]+)"/.exec(await response.text())?.[1]?.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(Number(n))) ?? "";
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  expect((await mine()).total).toBe(0);
  expect(await openCallback(vercel.oauth.consent(next), { cookie })).toMatchObject({ status: 200 });
  expect((await mine()).items[0]?.metadata).toMatchObject({ configuration_id: "icfg_1" });
});

test("rejects callers without a session and providers without configuration", async () => {
  const code = async (to: string, user?: TestUser) => {
    const response = await app.request(to, { ...(user && { user }) });
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  expect(await code(`${path}/vercel/authorize`)).toEqual([401, "unauthorized"]);
  expect(await code(`${path}/cloudflare/authorize`, ada)).toEqual([400, "oauth_not_supported"]);
  expect(await code(`${path}/heroku/authorize`, ada)).toEqual([400, "oauth_not_supported"]);
  expect(await code(`${path}/vercel/authorize?project_id=not-there`, ada)).toEqual([404, "not_found"]);
  await using bare = await testApp();
  const carol = await bare.signUp();
  const response = await bare.request(`${path}/netlify/authorize`, { user: carol });
  expect(response.status).toBe(503);
  expect(((await response.json()) as { code: string }).code).toBe("oauth_not_configured");
  for (const provider of ["netlify", "heroku"]) {
    const anonymous = await bare.request(`${path}/${provider}/callback?code=x&state=y`);
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await bare.request(`${path}/${provider}/callback`, { user: carol })).status).toBe(400);
  }
});

test("renews an expiring token once for concurrent callers and asks to reconnect when renewal is refused", async () => {
  const { url, cookie } = await begin("vercel");
  await openCallback(vercel.oauth.consent(url), { cookie });
  const [made] = (await mine()).items;
  const id = made?.id ?? "";
  const api = app.as(ada);
  const end = () =>
    app.db
      .update(deploymentCredentials)
      .set({ expires_at: new Date(Date.now() + 60_000).toISOString() })
      .where(eq(deploymentCredentials.id, id));

  await end();
  vercel.oauth.expire();
  vercel.oauth.refreshes = 0;
  const all = await Promise.all(Array.from({ length: 8 }, () => api.deploymentCredentials.test({ params: { id } })));
  expect(all.map(({ valid }) => valid)).toEqual(Array(8).fill(true));
  expect([vercel.oauth.refreshes, vercel.oauth.replays]).toEqual([1, 0]);
  expect(Date.parse((await mine()).items[0]?.expires_at ?? "")).toBeGreaterThan(Date.now() + 3_000_000);

  // The refresh token was rotated: the next renewal works too.
  await end();
  vercel.oauth.expire();
  expect((await api.deploymentCredentials.test({ params: { id } })).valid).toBe(true);
  expect(vercel.oauth.replays).toBe(0);

  // An unreachable provider does not invalidate the connection.
  await end();
  vercel.trouble({ on: /login\/oauth\/token$/, times: 9, reply: { status: 503, body: {} } });
  expect((await api.deploymentCredentials.test({ params: { id } })).valid).toBe(false);
  expect((await mine()).items[0]?.needs_reconnect).toBe(false);
  vercel.settle();
  expect((await api.deploymentCredentials.test({ params: { id } })).valid).toBe(true);

  // As the pipeline calls it: the project's own before the default, renewed; and the error when renewal is refused.
  const outbound = createOutbound({ allowHosts: ["127.0.0.1"] });
  const box = createCryptoBox(app.config.auth.secretKey?.reveal() ?? "");
  const credentials = createDeploymentCredentials({
    store: createDeploymentCredentialsStore(app.db),
    box,
    providers: createProviderAdapters(app.config.deployProviders, outbound),
    tokens: tokenRenewalOf(createOauthApps(app.config.deployProviders, outbound)),
    requireProject: async (_, ref) => ({ id: ref }),
    log: createLogger("silent"),
  });
  const project = await emptyProject(app, ada);
  const findCredential = (): Promise<Credential | undefined> => credentials.getCredential(ada.id, project.id, "vercel");
  await end();
  const before = vercel.oauth.refreshes;
  expect(vercel.tokens.has((await findCredential())?.token ?? "")).toBe(true);
  expect(vercel.oauth.refreshes).toBe(before + 1);
  await api.deploymentCredentials.save({
    body: { provider: "vercel", access_token: vercel.token, project_id: project.id, metadata: { team_id: "t" }, skip_validation: true },
  });
  expect(await findCredential()).toEqual({ token: vercel.token, metadata: { team_id: "t" } });
  expect(await credentials.getCredential(ada.id, project.id, "netlify")).toBeUndefined();
  expect(await credentials.getCredential(bob.id, project.id, "vercel")).toBeUndefined();

  const key = { user_id: ada.id, provider: "vercel", project_id: null };
  const used = box.seal(JSON.stringify({ access_token: "a", refresh_token: "used-up" }), credentialAad(key));
  await app.db.update(deploymentCredentials).set({ encrypted_tokens: used }).where(eq(deploymentCredentials.id, id));
  await end();
  const afterRevocation = await api.deploymentCredentials.test({ params: { id } });
  expect(afterRevocation).toMatchObject({ valid: false, error: expect.stringContaining("Reconnect it") as string });
  expect((await mine()).items.find((item) => item.id === id)?.needs_reconnect).toBe(true);
  // Reconnecting fixes it, and removing it revokes the token at the provider.
  const reconnected = await begin("vercel");
  await openCallback(vercel.oauth.consent(reconnected.url), { cookie: reconnected.cookie });
  expect((await mine()).items.find((item) => item.id === id)?.needs_reconnect).toBe(false);
  await api.deploymentCredentials.remove({ params: { id } });
  expect(vercel.oauth.revoked).toHaveLength(2);
  await outbound.close();
});
