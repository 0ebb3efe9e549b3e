import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createMemoryDriver } from "@tesslate/runtime";
import { startCloudflare, startNetlify, startVercel, type CloudflareFake, type NetlifyFake, type VercelFake } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { deploymentCredentials } from "../../../db/schema/delivery.ts";

let app: TestApp;
let vercel: VercelFake;
let netlify: NetlifyFake;
let cloudflare: CloudflareFake;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  [vercel, netlify, cloudflare] = await Promise.all([startVercel(), startNetlify(), startCloudflare()]);
  app = await testApp({
    env: { VERCEL_API_URL: vercel.url, NETLIFY_API_URL: netlify.apiUrl, CLOUDFLARE_API_URL: cloudflare.apiUrl },
    // A project is deleted with its files.
    swap: { runtime: createMemoryDriver() },
  });
  bob = await app.signUp();
});
beforeEach(async () => {
  ada = await app.signUp();
});
afterAll(async () => {
  await app?.close();
  await Promise.all([vercel, netlify, cloudflare].map((fake) => fake?.close()));
});

const path = "/api/deployment-credentials";
const post = (json: unknown, user: TestUser = ada) => app.request(path, { method: "POST", user, json });
const outcome = async (response: Response) => {
  const body = (await response.json()) as { code?: string; detail?: { loc: unknown[] }[]; details?: unknown };
  return [response.status, body.code ?? body.detail?.[0]?.loc.at(-1)];
};

test("checks, encrypts and replaces a token, and never returns it", async () => {
  const first = await post({ provider: "Netlify", access_token: ` ${netlify.token} ` });
  expect(first.status).toBe(201);
  const made = (await first.json()) as { id: string };
  expect(made).toMatchObject({
    provider: "netlify",
    user_id: ada.id,
    project_id: null,
    is_default: true,
    validated: true,
    metadata: null,
    kind: "token",
  });
  const again = await post({ provider: "netlify", access_token: netlify.token, metadata: { account_name: "Ada", team_id: null } });
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id: made.id, metadata: { account_name: "Ada" }, validated: true });

  const api = app.as(ada);
  const list = await api.deploymentCredentials.list({ query: {} });
  expect(list).toMatchObject({ total: 1, page: 1, total_pages: 1 });
  expect(list.providers.map(({ name, connected, oauth_available }) => [name, connected, oauth_available])).toEqual([
    ["vercel", false, false],
    ["netlify", true, false],
    ["cloudflare", false, false],
  ]);
  expect((await api.deploymentCredentials.list({ query: { provider: "vercel" } })).items).toEqual([]);
  const [row] = await app.db.select().from(deploymentCredentials).where(eq(deploymentCredentials.id, made.id));
  expect(row?.encrypted_tokens.includes(netlify.token)).toBe(false);
  expect(JSON.stringify(list) + app.logs()).not.toContain(netlify.token);

  const tested = await api.deploymentCredentials.test({ params: { id: made.id } });
  expect(tested).toEqual({ valid: true, error: null, provider_info: { site_count: 0 } });
  netlify.tokens.delete(netlify.token);
  expect(await api.deploymentCredentials.test({ params: { id: made.id } })).toMatchObject({ valid: false, provider_info: {} });
  netlify.tokens.add(netlify.token);

  await api.deploymentCredentials.remove({ params: { id: made.id } });
  expect((await api.deploymentCredentials.list({ query: {} })).total).toBe(0);
});

test("rejects a token the provider refuses, and saves it unchecked when the provider is down", async () => {
  expect(await outcome(await post({ provider: "heroku", access_token: "x" }))).toEqual([400, "unknown_provider"]);
  expect(await (await post({ provider: "heroku", access_token: "x" })).json()).toMatchObject({
    details: { available: ["vercel", "netlify", "cloudflare"] },
  });
  expect(await outcome(await post({ provider: "cloudflare", access_token: cloudflare.token }))).toEqual([400, "account_id_required"]);
  for (const provider of ["vercel", "netlify"])
    expect(await outcome(await post({ provider, access_token: "wrong" }))).toEqual([400, "credential_rejected"]);
  const foreignAccount = { provider: "cloudflare", access_token: cloudflare.token, metadata: { account_id: "f".repeat(32) } };
  expect(await outcome(await post(foreignAccount))).toEqual([400, "credential_rejected"]);
  for (const access_token of ["", "   ", "with\nline", "x".repeat(5000), 7, undefined])
    expect(await outcome(await post({ provider: "vercel", access_token }))).toEqual([422, "access_token"]);
  expect((await post({ provider: "vercel", access_token: "x", metadata: { team_id: { a: 1 } } })).status).toBe(422);
  expect((await app.as(ada).deploymentCredentials.list({ query: {} })).total).toBe(0);

  // A token with read-only access.
  vercel.tokens.add("read-only");
  vercel.readOnly.add("read-only");
  expect(await (await post({ provider: "vercel", access_token: "read-only" })).json()).toMatchObject({
    code: "credential_rejected",
    detail: expect.stringContaining("cannot deploy") as string,
  });

  const right = { ...foreignAccount, metadata: { account_id: cloudflare.accountId } };
  expect(await (await post(right)).json()).toMatchObject({ validated: true });
  vercel.trouble({ on: /v10\/projects/, times: 9, reply: { status: 503, body: {} } });
  expect(await (await post({ provider: "vercel", access_token: vercel.token })).json()).toMatchObject({ validated: false });
  vercel.settle();
  expect(await (await post({ provider: "vercel", access_token: "anything", skip_validation: true })).json()).toMatchObject({
    validated: false,
  });
});

test("prefers a project's own credential, updates metadata alone and requires a Cloudflare account id", async () => {
  const project = await emptyProject(app, ada);
  const api = app.as(ada);
  const usual = await api.deploymentCredentials.save({ body: { provider: "vercel", access_token: vercel.token } });
  const own = await api.deploymentCredentials.save({ body: { provider: "vercel", access_token: vercel.token, project_id: project.slug } });
  expect(own).toMatchObject({ project_id: project.id, is_default: false });
  expect(own.id).not.toBe(usual.id);
  expect((await api.deploymentCredentials.list({ query: { project_id: project.id } })).items.map(({ id }) => id)).toEqual([own.id]);

  vercel.teams.push({ id: "team_9", name: "Nine", slug: "nine" });
  const tested = await api.deploymentCredentials.test({ params: { id: own.id } });
  expect(tested.provider_info).toMatchObject({ teams: [{ id: "team_9", name: "Nine" }] });
  const changed = await api.deploymentCredentials.update({
    params: { id: own.id },
    body: { metadata: { team_id: "team_9", account_name: "Nine" } },
  });
  expect(changed.metadata).toEqual({ team_id: "team_9", account_name: "Nine" });
  expect((await api.deploymentCredentials.update({ params: { id: own.id }, body: { metadata: { account_name: null } } })).metadata).toEqual(
    {
      team_id: "team_9",
    },
  );
  const cloud = await api.deploymentCredentials.save({
    body: { provider: "cloudflare", access_token: cloudflare.token, metadata: { account_id: cloudflare.accountId } },
  });
  const patch = (id: string, json: unknown, user = ada) => app.request(`${path}/${id}`, { method: "PATCH", user, json });
  expect(await outcome(await patch(cloud.id, { metadata: { account_id: null } }))).toEqual([400, "account_id_required"]);
  expect((await patch(cloud.id, { metadata: "x" })).status).toBe(422);

  // Other users get 404 for every operation.
  for (const [method, to, json] of [
    ["PATCH", `${path}/${own.id}`, { metadata: {} }],
    ["DELETE", `${path}/${own.id}`, undefined],
    ["POST", `${path}/${own.id}/test`, {}],
    ["POST", path, { provider: "vercel", access_token: "x", project_id: project.id }],
    ["GET", `${path}?project_id=${project.id}`, undefined],
  ] as const) {
    expect((await app.request(to, { method, user: bob, ...(json && { json }) })).status, `${method} ${to}`).toBe(404);
    expect((await app.request(to, { method, ...(json && { json }) })).status, `${method} ${to}`).toBe(401);
  }
  expect((await app.request(`${path}/no-uuid`, { method: "DELETE", user: ada })).status).toBe(422);

  await api.projects.remove({ params: { id: project.id } });
  await expect
    .poll(async () => (await api.deploymentCredentials.list({ query: { provider: "vercel" } })).items.map(({ id }) => id))
    .toEqual([usual.id]);
});

test("stores one credential for concurrent saves, and API keys can only read", async () => {
  const saves = await Promise.all(Array.from({ length: 6 }, () => post({ provider: "netlify", access_token: netlify.token })));
  expect(saves.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  const counted = await app.db.execute<{ n: number }>(
    sql`select count(*)::int as n from deployment_credentials where user_id = ${ada.id} and project_id is null`,
  );
  expect(counted.rows[0]?.n).toBe(1);
  const { key } = await app.as(ada).auth.createApiKey({ body: { name: "k", scopes: ["read", "write"] } });
  expect((await app.request(path, { user: { token: key } })).status).toBe(200);
  expect(await outcome(await post({ provider: "netlify", access_token: "x" }, { ...ada, token: key }))).toEqual([403, "session_required"]);
});
