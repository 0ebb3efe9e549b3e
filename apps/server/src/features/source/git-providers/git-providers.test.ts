import { expect, test } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { gitProviderCases } from "../../../testing/git-provider-cases.ts";

const cases = gitProviderCases(["github"]);
const { api, of, codeOf } = cases;

test("lists every provider, none connected", async () => {
  const { items, total } = await api().list({ query: {} });
  expect(total).toBe(5);
  expect(items.map(({ name, connected: is, configured, icon }) => [name, is, configured, icon])).toEqual([
    ["github", false, true, "github-logo"],
    ["gitlab", false, true, "gitlab-logo"],
    ["bitbucket", false, true, "bitbucket-logo"],
    ["gitea", false, true, "gitea-logo"],
    ["git", false, false, "git-logo"],
  ]);
  expect((await api().list({ query: { limit: 2, page: 2 } })).items.map(({ name }) => name)).toEqual(["bitbucket", "gitea"]);
});

test("anonymous and invalid requests get 401, 400, 422, and 409 without an account", async () => {
  for (const [path, init] of [
    ["/providers", {}],
    ["/github/connect", { method: "POST", json: {} }],
    ["/github/repos", {}],
    ["/github/repos", { method: "POST", json: { name: "x" } }],
    ["/github/repos/ada/shop/branches", {}],
    ["/github/repos/ada/shop/pulls", { method: "POST", json: { title: "t", head: "h", base: "b" } }],
    ["/github/disconnect", { method: "DELETE" }],
  ] as const) {
    const request = (more: object) => cases.app.request(`/api/git-providers${path}`, { ...init, ...more });
    expect((await request({})).status).toBe(401);
    if (path === "/providers") continue;
    const elsewhere = `/api/git-providers${path.replace("github", "sourceforge")}`;
    expect(await codeOf(await cases.app.request(elsewhere, { ...init, user: cases.ada }))).toEqual([400, "unknown_provider"]);
    const isKnown = path.endsWith("connect");
    if (!isKnown)
      expect(await codeOf(await request({ user: cases.ada }))).toEqual(
        path.endsWith("disconnect") ? [404, "not_found"] : [409, "provider_not_connected"],
      );
  }
  for (const [path, json] of [
    ["/github/connect", { token: "with space" }],
    ["/github/connect", { scope: "a\nb" }],
    ["/github/repos", { name: "../x" }],
    ["/github/repos/ada/shop/pulls", { title: "", head: "h", base: "b" }],
  ] as const)
    expect((await cases.app.request(`/api/git-providers${path}`, { method: "POST", user: cases.ada, json })).status, path).toBe(422);
});

test("reports missing OAuth configuration; a plain host accepts tokens only", async () => {
  const params = { provider: "git" };
  await expect(api().connect({ params, body: {} })).rejects.toMatchObject({ status: 503, code: "oauth_not_configured" });
  await expect(api().connect({ params, body: { token: "x" } })).rejects.toMatchObject({ status: 400, code: "bad_request" });
  await api().connect({ params, body: { token: "a-token", base_url: "https://127.0.0.1:9", username: "ada" } });
  expect(await of("git")).toMatchObject({ connected: true, provider_username: "ada", can: { browse: false } });
  await expect(api().repos({ params, query: {} })).rejects.toMatchObject({ status: 400, code: "not_supported" });
  await expect(
    api().connect({ params: { provider: "bitbucket" }, body: { token: "x", base_url: "https://127.0.0.1:9" } }),
  ).rejects.toMatchObject({ status: 400 });
  await using bare = await testApp();
  const eve = await bare.signUp();
  const response = await bare.request("/api/git-providers/github/connect", { method: "POST", user: eve, json: {} });
  expect(await codeOf(response)).toEqual([503, "oauth_not_configured"]);
});
