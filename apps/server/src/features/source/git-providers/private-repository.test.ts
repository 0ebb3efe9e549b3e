import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startGitHost } from "@tesslate/testkit/git-host";
import { startGitProviders, type GitProviders } from "@tesslate/testkit/git-providers";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";

// A dozen sequential git processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let world: GitProviders;
let app: ProjectsApp;
beforeAll(async () => {
  world = await startGitProviders();
  app = await projectsApp({ env: { ...world.env, OUTBOUND_ALLOW_HOSTS: "localhost" } });
}, 60_000);
afterAll(async () => {
  await app?.close();
  await world?.close();
});

const git = (user: TestUser) => app.as(user).git;

test("reports a token that git rejected, unlike one that lacks a permission", async () => {
  const fake = world.github;
  const params = { provider: "github" };
  const accountOf = async (name: string) =>
    (await app.as(bob).gitProviders.list({ query: {} })).items.find((item) => item.name === name)?.accounts[0];
  const bob = await app.signUp();
  await app.as(bob).gitProviders.connect({ params, body: { token: fake.personalToken() } });
  const url = fake.add("ada/refused", { files: { "a.txt": "a\n" } });
  const created = await app.as(bob).projects.create({ body: { name: "Refused", source_type: "github", git_repo_url: url } });
  expect(await ended(app, bob, created.task_id)).toMatchObject({ status: "completed", error: null });
  const search = () => app.as(bob).gitProviders.repos({ params, query: { search: "refused" } });
  expect((await search()).total).toBe(1);
  fake.revokeAll();
  const fetch = () => git(bob).fetch({ body: { project_id: created.id } });
  await expect(fetch()).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
  expect(await accountOf("github")).toMatchObject({ needs_reconnect: true });
  await expect(search()).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
  await app.as(bob).gitProviders.connect({ params, body: { token: fake.personalToken() } });
  await fetch();
  expect(await accountOf("github")).toMatchObject({ needs_reconnect: false });

  await using host = await startGitHost({ certificate: world.certificate });
  const body = { token: "plain-token", base_url: host.url, username: "bob" };
  await app.as(bob).gitProviders.connect({ params: { provider: "git" }, body });
  const plain = await app
    .as(bob)
    .projects.create({ body: { name: "Plain", source_type: "git", git_repo_url: host.add("plain", { files: { "a.txt": "a\n" } }) } });
  expect(await ended(app, bob, plain.task_id)).toMatchObject({ status: "completed", error: null });
  const fetchOrigin = () => git(bob).fetch({ body: { project_id: plain.id } });
  for (const [status, needs_reconnect] of [
    [403, false],
    [401, true],
  ] as const) {
    const recover = host.fail("/plain.git/", status);
    await expect(fetchOrigin()).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
    expect(await accountOf("git")).toMatchObject({ needs_reconnect });
    recover();
  }
  // A working token is not rejected.
  await fetchOrigin();
  expect(await accountOf("git")).toMatchObject({ needs_reconnect: false });
});
