import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { GitProvider, GitProviderName } from "@tesslate/contract";
import { startGitProviders, type GitProviders } from "@tesslate/testkit/git-providers";
import { testApp, type TestApp, type TestUser } from "./app.ts";

type Name = Exclude<GitProviderName, "git">;
const everyone = ["github", "gitlab", "bitbucket", "gitea"] as const satisfies Name[];

/** Tests of the given git providers, against a server with fakes of all four. */
export function gitProviderCases(names: readonly Name[]) {
  let world: GitProviders;
  let app: TestApp;
  let ada: TestUser;
  beforeAll(async () => {
    world = await startGitProviders();
    app = await testApp({
      env: { ...world.env, OUTBOUND_ALLOW_HOSTS: "127.0.0.1" },
      configure: (config) => void (config.gitProviders.backoffMs = [10, 20]),
    });
  }, 60_000);
  afterAll(async () => {
    for (const name of names) if (world?.[name].published) process.stdout.write(`${world[name].published.summary()}\n`);
    await app?.close();
    await world?.close();
  });
  beforeEach(async () => {
    for (const name of everyone) world[name].recover();
    ada = await app.signUp({ name: "Ada Lovelace" });
  });

  const api = (user = ada) => app.as(user).gitProviders;
  const of = async (name: GitProviderName, user = ada): Promise<GitProvider> => {
    const found = (await api(user).list({ query: {} })).items.find((item) => item.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  const begin = async (name: string, json: object = {}, user = ada) => {
    const response = await app.request(`/api/git-providers/${name}/connect`, { method: "POST", user, json });
    expect(response.status, await response.clone().text()).toBe(200);
    const { authorization_url } = (await response.json()) as { authorization_url: string };
    const cookie = response.headers.getSetCookie()[0] ?? "";
    expect(cookie).toMatch(/^tesslate_git_connect=.+HttpOnly; SameSite=Lax$/i);
    return { url: authorization_url, cookie: cookie.split(";")[0] ?? "" };
  };
  /** Opens the callback; where the OAuth app is shared with sign-in, over its callback. */
  const openCallback = async (to: URL, headers: Record<string, string>): Promise<Response> => {
    const response = await app.request(to.pathname + to.search, { headers });
    const next = response.headers.get("location") ?? "";
    return next.startsWith("/api/git-providers/") ? app.request(next, { headers }) : response;
  };
  const connect = async (name: Name, json: object = {}, user = ada): Promise<Response> => {
    const { url, cookie } = await begin(name, json, user);
    return openCallback(await world[name].consent(url), { cookie });
  };
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
  const connected = async (name: Name) => {
    const response = await connect(name);
    expect(response.headers.get("location")).toBe(`${app.url}/oauth/connected?provider=${name}&success=true`);
    return { fake: world[name], params: { provider: name } };
  };

  describe.each(names)("%s", (name) => {
    test("connects in the browser with PKCE and its own scopes; the verifier is in no URL", async () => {
      const fake = world[name];
      const { url, cookie } = await begin(name, { redirect_to: "/import" });
      const authorization = new URL(url).searchParams;
      const row = await of(name);
      expect(url.startsWith(`${fake.url}/`)).toBe(true);
      expect(authorization.get("scope")).toBe(name === "bitbucket" ? null : row.oauth_scopes);
      expect(authorization.get("code_challenge_method")).toBe(name === "bitbucket" ? null : "S256");
      const back = await fake.consent(url);
      const done = await openCallback(back, { cookie });
      expect(done.status).toBe(303);
      expect(done.headers.get("location")).toBe(`${app.url}/oauth/connected?provider=${name}&success=true&redirect_to=%2Fimport`);
      const verifier = fake.redemptions.at(-1)?.get("code_verifier");
      if (name !== "bitbucket") expect(url + back.href + (done.headers.get("location") ?? "")).not.toContain(verifier);
      const { accounts, ...facts } = await of(name);
      expect(facts).toMatchObject({ connected: true, provider_username: fake.account.login, provider_email: fake.account.email });
      expect(facts.scope).toContain(name === "github" ? "repo" : name === "gitlab" ? "api" : "repository");
      expect(accounts).toMatchObject([{ base_url: fake.url, kind: "oauth", needs_reconnect: false }]);
      expect(JSON.stringify(await api().list({ query: {} }))).not.toContain(fake.tokens.at(-1));
      const { rows } = await app.studio.database.pool.query<{ sealed_access: Buffer }>(
        "select sealed_access from git_provider_credentials where user_id = $1",
        [ada.id],
      );
      for (const token of fake.tokens) expect(rows[0]?.sealed_access.includes(token)).toBe(false);
    });

    test("a state works once, in its own browser, for its own user and provider, for ten minutes", async () => {
      const fake = world[name];
      const refused = [400, "invalid_state_token"];
      const { url, cookie } = await begin(name);
      const back = await fake.consent(url);
      const before = fake.redemptions.length;
      expect(await codeOf(await openCallback(back, {}))).toEqual(refused);
      const mallory = await app.signUp();
      const theirs = await begin(name, {}, mallory);
      expect(await codeOf(await openCallback(back, { cookie: theirs.cookie }))).toEqual(refused);
      const elsewhere = new URL(`/api/git-providers/${name === "gitea" ? "gitlab" : "gitea"}/callback${back.search}`, app.url);
      expect(await codeOf(await openCallback(elsewhere, { cookie }))).toEqual(refused);
      // A browser is redirected into the app instead of getting JSON.
      const shown = await openCallback(back, { cookie: theirs.cookie, accept: "text/html" });
      expect([shown.status, shown.headers.get("location")]).toEqual([
        303,
        `${app.url}/oauth/connected?provider=${name}&error=invalid_state_token`,
      ]);
      expect(fake.redemptions.length).toBe(before);
      expect((await openCallback(back, { cookie })).headers.get("location")).toContain("success=true");
      expect(await codeOf(await openCallback(back, { cookie }))).toEqual(refused);

      // Another user has signed in there in the meantime, or the user has signed out.
      const mixed = await begin(name);
      const session = `tesslate_auth=${mallory.token}`;
      expect(await codeOf(await openCallback(await fake.consent(mixed.url), { cookie: `${mixed.cookie}; ${session}` }))).toEqual(refused);
      const late = await begin(name);
      await app.studio.database.pool.query("update oauth_states set expires_at = now() - interval '1 second'");
      expect(await codeOf(await openCallback(await fake.consent(late.url), { cookie: late.cookie }))).toEqual([400, "state_token_expired"]);
      const left = await begin(name, {}, mallory);
      await app.request("/api/auth/logout", { method: "POST", user: mallory });
      expect(await codeOf(await openCallback(await fake.consent(left.url), { cookie: left.cookie }))).toEqual(refused);
    });

    test("a denial, a code of another flow and a failing provider connect nothing", async () => {
      const fake = world[name];
      fake.denyNext();
      expect((await connect(name)).headers.get("location")).toBe(`${app.url}/oauth/connected?provider=${name}&error=oauth_denied`);
      const [mine, theirs] = [await begin(name), await begin(name)];
      const mixed = await fake.consent(mine.url);
      const foreign = (await fake.consent(theirs.url)).searchParams.get("code") ?? "";
      if (name !== "bitbucket") {
        mixed.searchParams.set("code", foreign);
        expect((await openCallback(mixed, { cookie: mine.cookie })).headers.get("location")).toContain("error=oauth_failed");
      }
      fake.fail({ status: 500 });
      expect((await connect(name)).headers.get("location")).toContain("error=oauth_failed");
      fake.recover();
      expect((await of(name)).connected).toBe(false);
    });

    test("repositories: all pages of the provider, newest first, searched and paged", async () => {
      const { fake, params } = await connected(name);
      const owner = name === "gitlab" ? "group/inner" : fake.account.login;
      fake.addListed(130, owner);
      const path = `${owner}/needle`;
      fake.add(path, { files: { "a.txt": "a" }, description: "The one", updatedAt: "2026-09-01T00:00:00.000Z" });
      const first = await api().repos({ params, query: { limit: 20 } });
      expect(first).toMatchObject({ total: 131, page: 1, total_pages: 7 });
      expect(first.items[0]).toMatchObject({
        name: "needle",
        full_name: path,
        owner,
        clone_url: `${fake.url}/${path}.git`,
        web_url: `${fake.url}/${path}`,
        default_branch: "main",
        private: true,
        updated_at: "2026-09-01T00:00:00.000Z",
        provider: name,
      });
      const before = fake.calls.length;
      const rest = await Promise.all([2, 3, 4, 5, 6, 7].map((page) => api().repos({ params, query: { limit: 20, page } })));
      const all = [first, ...rest].flatMap(({ items }) => items.map((repo) => repo.full_name));
      expect(new Set(all).size).toBe(131);
      expect(await api().repos({ params, query: { search: "NEEDLE one" } })).toMatchObject({ total: 1, items: [{ full_name: path }] });
      // Paging and searching use the cache.
      expect(fake.calls.length).toBe(before);
    });

    test("creates a repository, lists its branches, opens a pull request", async () => {
      const { fake, params } = await connected(name);
      const made = await api().createRepo({ params, query: {}, body: { name: "new-shop", description: "Mine", auto_init: true } });
      expect(made).toMatchObject({
        full_name: `${fake.account.login}/new-shop`,
        private: true,
        default_branch: "main",
        description: "Mine",
      });
      const again = api().createRepo({ params, query: {}, body: { name: "new-shop" } });
      await expect(again).rejects.toMatchObject({ status: 409, code: "conflict" });
      fake.git(made.full_name, "branch", "a-topic", "main");
      const repository = { ...params, owner: made.owner, repo: made.name };
      const { items } = await api().branches({ params: repository, query: {} });
      const sha = fake.git(made.full_name, "rev-parse", "main").trim();
      expect(items).toMatchObject([
        { name: "main", is_default: true, commit_sha: sha },
        { name: "a-topic", is_default: false, commit_sha: sha },
      ]);
      const pull = await api().createPull({
        params: repository,
        query: {},
        body: { title: "A topic", body: "Why", head: "a-topic", base: "main" },
      });
      expect(pull).toMatchObject({ number: 1, title: "A topic", head: "a-topic", base: "main" });
      expect(pull.web_url.startsWith(`${fake.url}/${made.full_name}/`)).toBe(true);
      expect(fake.pulls).toMatchObject([{ repo: made.full_name, title: "A topic", body: "Why", head: "a-topic", base: "main" }]);
      await expect(api().branches({ params: { ...repository, repo: "no-such" }, query: {} })).rejects.toMatchObject({ status: 404 });
      // Nested groups of an owner are one path segment.
      if (name !== "gitlab") return;
      fake.add("group/sub/deep", { files: { "a.txt": "a" } });
      expect((await api().branches({ params: { ...params, owner: "group/sub", repo: "deep" }, query: {} })).total).toBe(1);
    });

    test("an expiring token is refreshed once for concurrent calls; a revoked one is reported until the account is connected again", async () => {
      const { fake, params } = await connected(name);
      const before = fake.redemptions.length;
      const renewals = () => fake.redemptions.slice(before).length;
      const listRepos = () => api().repos({ params, query: {} });
      if (name !== "github") {
        // The token expires in a minute: it is refreshed before use.
        await app.studio.database.pool.query(
          "update git_provider_credentials set expires_at = now() + interval '60 seconds' where user_id = $1",
          [ada.id],
        );
        await Promise.all([listRepos(), listRepos(), listRepos()]);
        expect(renewals()).toBe(1);
        expect(fake.redemptions.at(-1)?.get("grant_type")).toBe("refresh_token");
        // The provider rejects the token before its recorded expiry.
        fake.expireAccess();
        await Promise.all([listRepos(), listRepos()]);
        expect(renewals()).toBe(2);
        // If the provider's token endpoint fails, a token that is still valid is used.
        await app.studio.database.pool.query(
          "update git_provider_credentials set expires_at = now() + interval '60 seconds' where user_id = $1",
          [ada.id],
        );
        fake.fail({ status: 500, path: /token$/ });
        await listRepos();
        fake.expireAccess();
        await expect(listRepos()).rejects.toMatchObject({ status: 502, code: "bad_gateway" });
        expect((await of(name)).accounts[0]?.needs_reconnect).toBe(false);
        fake.recover();
        await listRepos();
      }
      fake.revokeAll();
      await expect(listRepos()).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
      expect(await of(name)).toMatchObject({ connected: true, accounts: [{ needs_reconnect: true }] });
      await connect(name);
      expect((await listRepos()).total).toBeGreaterThan(0);
      expect((await of(name)).accounts).toMatchObject([{ needs_reconnect: false }]);
    });

    test("a provider that is slow, rate limited or unreachable", async () => {
      const { fake, params } = await connected(name);
      const listRepos = () => api().repos({ params, query: {} });
      fake.fail({ status: 503, times: 2 });
      await listRepos();
      const wait = name === "github" ? 1 : 0;
      fake.fail({ status: 429, headers: { "retry-after": String(wait) }, times: 1, path: /repos|projects/ });
      const started = Date.now();
      await listRepos();
      expect(Date.now() - started).toBeGreaterThan(wait * 950);
      fake.fail({ status: 0, times: 1 });
      await listRepos();
      fake.fail({ status: 0 });
      await expect(listRepos()).rejects.toMatchObject({ status: 502, code: "bad_gateway" });
      fake.fail({ status: 500 });
      await expect(listRepos()).rejects.toMatchObject({ status: 502, code: "bad_gateway" });
      fake.fail({ status: 429, headers: { "retry-after": "3600" } });
      const response = await app.request(`/api/git-providers/${name}/repos`, { user: ada });
      expect([response.status, response.headers.get("retry-after")]).toEqual([429, "3600"]);
      // A request that may have succeeded is not repeated.
      fake.fail({ status: 500, times: 1, path: /(user\/repos|projects|once)$/ });
      const made = fake.calls.length;
      await expect(api().createRepo({ params, query: {}, body: { name: "once" } })).rejects.toMatchObject({ status: 502 });
      expect(fake.calls.slice(made).filter(({ method }) => method === "POST").length).toBe(1);
      fake.recover();
      fake.fail({ status: 200, headers: { "content-type": "text/html" } });
      await expect(listRepos()).rejects.toMatchObject({ status: 502, code: "bad_gateway" });
    });

    test("disconnecting revokes the token where the provider supports it, and deletes it if the provider is unreachable", async () => {
      const { fake, params } = await connected(name);
      const token = fake.tokens.filter((each) => each.includes("-oauth-")).at(-1) ?? "";
      const otherUser = await app.signUp();
      await expect(api(otherUser).disconnect({ params, query: {} })).rejects.toMatchObject({ status: 404 });
      await api().disconnect({ params, query: {} });
      expect(fake.isLive(token)).toBe(name === "bitbucket" || name === "gitea");
      expect((await of(name)).connected).toBe(false);
      await expect(api().repos({ params, query: {} })).rejects.toMatchObject({ status: 409, code: "provider_not_connected" });
      await expect(api().disconnect({ params, query: {} })).rejects.toMatchObject({ status: 404 });
      await connect(name);
      fake.fail({ status: 500 });
      await api().disconnect({ params, query: {} });
      expect((await of(name)).connected).toBe(false);
    });

    test("a personal access token is checked, stored, and never revoked", async () => {
      const fake = world[name];
      const params = { provider: name };
      await expect(api().connect({ params, body: { token: "nonsense" } })).rejects.toMatchObject({
        status: 409,
        code: "provider_token_expired",
      });
      const token = fake.personalToken();
      const username = name === "bitbucket" ? fake.account.email : undefined;
      expect(await api().connect({ params, body: { token, ...(username && { username }) } })).toEqual({
        authorization_url: null,
        provider: name,
        provider_username: fake.account.login,
      });
      expect((await of(name)).accounts).toMatchObject([{ kind: "token", expires_at: null }]);
      await api().repos({ params, query: {} });
      const sent = fake.calls.at(-1)?.headers.authorization ?? "";
      expect(sent.split(" ")[0]).toBe({ github: "Bearer", gitlab: "Bearer", bitbucket: "Basic", gitea: "token" }[name]);
      await api().disconnect({ params, query: {} });
      expect(fake.isLive(token)).toBe(true);
    });
  });

  return {
    api,
    of,
    connect,
    codeOf,
    get world() {
      return world;
    },
    get app() {
      return app;
    },
    get ada() {
      return ada;
    },
  };
}
