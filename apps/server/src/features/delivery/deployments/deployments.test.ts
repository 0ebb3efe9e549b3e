import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fromBufferPromise } from "yauzl";
import type { Deployment, DeploymentRequest } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, visitHost, type ProjectsApp, type PreviewVisit } from "../../../testing/projects.ts";

let app: ProjectsApp;
let ada: TestUser;
let eve: TestUser;
beforeAll(async () => {
  // The launch gate's page checks have their own tests.
  app = await projectsApp();
  [ada, eve] = await Promise.all([app.signUp(), app.signUp()]);
});
afterAll(() => app.close());

const api = () => app.as(ada);
const html = { accept: "text/html", "sec-fetch-dest": "document" };
const big = "x".repeat(5000);
/** A build without packages: its environment ends up in its output. */
const buildScript = (version: string) => `
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
mkdirSync("dist/assets/build", { recursive: true });
mkdirSync("dist/.well-known", { recursive: true });
writeFileSync("dist/index.html", "<!doctype html><title>${version}</title><script src=/assets/app-1a2b3c4d.js></script>" + process.env.VITE_GREETING);
writeFileSync("dist/assets/app-1a2b3c4d.js", "export const a = '${big}';");
writeFileSync("dist/assets/build/x.js", "nested");
writeFileSync("dist/.well-known/security.txt", "Contact: us");
writeFileSync("dist/.env", "LEAK=1");
writeFileSync("dist/.env.production", "LEAK=1");
symlinkSync("index.html", "dist/copy.html");
console.log("secret is", process.env.API_TOKEN);
`;
async function viteLike(name: string, version = "one") {
  const made = await setUpProject(app, ada, name);
  const params = { id: made.project.id };
  const put = (path: string, content: string) => api().files.put({ params: { ...params, path }, body: { content } });
  await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" }, devDependencies: {} }));
  await put("build.mjs", buildScript(version));
  await api().secrets.set({ params: { project_id: made.project.id }, body: { key: "API_TOKEN", value: "planted-secret-value" } });
  return { ...made, put, body: { project_id: made.project.id, provider: "local" } as DeploymentRequest };
}
const deploy = async (body: DeploymentRequest): Promise<Deployment> => {
  const { task_id, deployment } = await api().deployments.create({ body });
  await ended(app, ada, task_id);
  return current(deployment);
};
const current = async ({ id, project_id }: Deployment): Promise<Deployment> => {
  const { items } = await api().deployments.list({ params: { project_id }, query: { include_logs: true } });
  const found = items.find((item) => item.id === id);
  if (!found) throw new Error("the deployment does not exist");
  return found;
};
const visit = (url: string | null): PreviewVisit => visitHost(app, new URL(url ?? "").host);
const outcome = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];

test("builds a container in a build sandbox, serves it at its own URL, replaces it and rolls back", { timeout: 60_000 }, async () => {
  const { project, container, put, body } = await viteLike("Shop");
  const plan = await api().deployments.plan({ body });
  expect(plan).toMatchObject({
    container_id: container.id,
    provider: "local",
    mode: "pre-built",
    is_connected: true,
    build_command: "npm run build",
    env: [{ name: "API_TOKEN", source: "secret", change: "added" }],
    live: null,
    site_name: "shop",
    site_url_pattern: `http://live--{name}.preview.localhost:${app.port}`,
    has_site: false,
  });
  const first = { ...body, env_vars: { VITE_GREETING: "hello from the build" } };
  const one = await deploy(first);
  expect(one).toMatchObject({ status: "success", error: null, is_live: true, can_roll_back: false, version: 1, provider: "local" });
  expect(one.metadata).toMatchObject({ files: 5, env_names: ["API_TOKEN", "VITE_GREETING"], failure: null });
  expect(one.report?.is_blocked).toBe(false);
  const log = one.logs?.join("\n") ?? "";
  expect(log).toMatch(/^\[\d{4}-.*Z\] Deployment started\n/);
  expect(log).toContain("secret is [secret:API_TOKEN]");
  expect(log).not.toContain("planted-secret-value");
  expect(new URL(one.deployment_url ?? "").host).toBe(`live--shop.preview.localhost:${app.port}`);

  const site = visit(one.deployment_url);
  const page = await site.fetch("/", { headers: html });
  expect(page.text).toContain("hello from the build");
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "public, max-age=0, must-revalidate",
    "x-content-type-options": "nosniff",
  });
  expect((await site.fetch("/some/page", { headers: html })).text).toBe(page.text);
  expect((await site.fetch("/some/data.json", { headers: { accept: "application/json" } })).status).toBe(404);
  expect((await site.fetch("/copy")).text).toBe(page.text);
  expect(await site.fetch("/.well-known/security.txt")).toMatchObject({ status: 200, text: "Contact: us" });
  expect((await site.fetch("/assets/build/x.js")).text).toBe("nested");
  const script = await site.fetch("/assets/app-1a2b3c4d.js");
  expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(createHash("sha256").update(script.text).digest("hex")).toBe(
    createHash("sha256").update(`export const a = '${big}';`).digest("hex"),
  );
  expect((await site.fetch("/assets/app-1a2b3c4d.js", { headers: { "if-none-match": script.headers.etag ?? "" } })).status).toBe(304);
  expect(await site.fetch("/assets/app-1a2b3c4d.js", { headers: { range: "bytes=0-5" } })).toMatchObject({ status: 206, text: "export" });
  expect((await site.fetch("/assets/app-1a2b3c4d.js", { headers: { range: "bytes=99999-" } })).status).toBe(416);
  expect((await site.fetch("/assets/app-1a2b3c4d.js", { headers: { "accept-encoding": "gzip" } })).headers["content-encoding"]).toBe(
    "gzip",
  );
  for (const path of [
    "/.env",
    "/.env.production",
    "/../files.json",
    "/..%2ffiles.json",
    "/%2e%2e/%2e%2e/files.json",
    "/assets/..%5c..%5cfiles.json",
  ])
    expect([400, 404], path).toContain((await site.fetch(path)).status);
  expect((await site.fetch("/", { method: "POST", body: "x" })).status).toBe(405);
  expect((await visitHost(app, `live--unknown.preview.localhost:${app.port}`).fetch("/")).status).toBe(404);

  expect(await api().deployments.plan({ body })).toMatchObject({ site_name: "shop", has_site: true });
  // It has a name, which is changed at the site.
  await expect(api().deployments.create({ body: { ...first, site_name: "shop-two" } })).rejects.toMatchObject({
    status: 400,
    code: "not_supported",
  });

  await put("build.mjs", buildScript("two"));
  const two = await deploy({ ...first, site_name: "shop" });
  expect(two).toMatchObject({ version: 2, is_live: true, deployment_url: one.deployment_url });
  expect((await site.fetch("/", { headers: html })).text).toContain("<title>two");
  expect(await current(one)).toMatchObject({ is_live: false, can_roll_back: true });

  // Fast because nothing is built or copied: a stored version becomes live again.
  await put("build.mjs", "process.exit(1)");
  const { task_id } = await api().deployments.rollback({ params: { deployment_id: one.id } });
  await ended(app, ada, task_id);
  expect((await site.fetch("/", { headers: html })).text).toBe(page.text);
  expect(
    (await api().deployments.list({ params: { project_id: project.id }, query: {} })).items.map(({ id, is_live }) => [id, is_live]),
  ).toEqual([
    [two.id, false],
    [one.id, true],
  ]);
  expect(await outcome(await app.request(`/api/deployments/${one.id}/rollback`, { method: "POST", user: ada }))).toEqual([
    409,
    "not_deployable",
  ]);
  expect((await api().deployments.plan({ body: { ...body, exclude_env: ["API_TOKEN"] } })).env).toEqual([
    { name: "API_TOKEN", source: "secret", change: "removed" },
    { name: "VITE_GREETING", source: "secret", change: "removed" },
  ]);

  const bundle = await app.request(`/api/deployments/${one.id}/bundle`, { user: ada });
  const zip = await fromBufferPromise(Buffer.from(await bundle.arrayBuffer()), { lazyEntries: true });
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry()) files.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  const inBundle = (path: string) => files.get(`${one.metadata.site_name}-v1/${path}`);
  expect(inBundle("app/index.html")).toBe(page.text);
  expect(inBundle("Dockerfile")).toContain("COPY app /usr/share/nginx/html");
  expect(inBundle("compose.yaml")).toContain("build: .");
  expect(inBundle(".env.example")).toBe("API_TOKEN=\nVITE_GREETING=\n");
  expect([...files.values()].join("")).not.toContain("planted-secret-value");

  const streamed = [];
  for await (const event of api().deployments.stream({ params: { deployment_id: two.id } })) streamed.push(event);
  const done = streamed.at(-1);
  expect(done).toEqual({ seq: expect.any(Number), type: "done", data: { status: "success", error: null } });
  const lines = streamed.flatMap((event) => (event.type === "log" ? [event] : []));
  expect(lines).toHaveLength((await current(two)).logs?.length ?? 0);
  expect(lines.map(({ data }) => data.step_key)).toContain("gate");
  // An EventSource resumes with its last id: it gets later events, and 204 when it has received the end.
  const returning = (lastEventId: number | string) =>
    app.request(`/api/deployments/${two.id}/stream`, { user: ada, headers: { "last-event-id": String(lastEventId) } });
  const secondLast = await (await returning(lines.at(-2)?.seq ?? 0)).text();
  expect(secondLast.match(/^id: .*/gm)).toEqual([lines.at(-1), done].map((event) => `id: ${event && "seq" in event ? event.seq : ""}`));
  const afterLast = await returning(done && "seq" in done ? done.seq : "");
  expect([afterLast.status, await afterLast.text()]).toEqual([204, ""]);
  expect((await (await returning("x")).text()).match(/^id: .*/gm)).toHaveLength(lines.length + 1);
  expect(await api().deployments.status({ params: { deployment_id: two.id } })).toMatchObject({
    status: "success",
    provider_status: null,
  });

  await api().deployments.remove({ params: { deployment_id: two.id } });
  expect((await api().deployments.list({ params: { project_id: project.slug }, query: {} })).items).toMatchObject([
    { id: one.id, logs: null },
  ]);

  // Sites of inactive accounts are not served.
  const suspend = (is: boolean) => app.studio.database.pool.query("update users set is_suspended = $2 where id = $1", [ada.id, is]);
  const isServed = async () => (await site.fetch("/", { headers: html })).status;
  await suspend(true);
  await vi.waitFor(async () => expect(await isServed()).toBe(404), { interval: 300 });
  await suspend(false);
  await vi.waitFor(async () => expect(await isServed()).toBe(200), { interval: 300 });

  await app
    .as(ada)
    .projects.remove({ params: { id: project.id } })
    .then(({ task_id }) => ended(app, ada, task_id));
  expect((await site.fetch("/", { headers: html })).status).toBe(404);
});

test(
  "reports where a build failed, keeps the live version, runs one deployment at a time and cancels on request",
  { timeout: 60_000 },
  async () => {
    const { put, body } = await viteLike("Fails");
    const built = { ...body, build_command: "node build.mjs" };
    const one = await deploy(body);
    await put("build.mjs", `console.error("src/App.tsx:12:5: ERROR: Expected ; with planted-secret-value"); process.exit(3)`);
    const failed = await deploy(built);
    expect(failed).toMatchObject({
      status: "failed",
      is_live: false,
      metadata: { failure: { step: "build", path: "src/App.tsx", line: 12 } },
    });
    expect(failed.error).toContain("exit code 3: src/App.tsx:12:5: ERROR: Expected ; with [secret:API_TOKEN]");
    expect((await visit(one.deployment_url).fetch("/", { headers: html })).text).toContain("<title>one");
    await put(
      "build.mjs",
      `import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"; mkdirSync("dist"); writeFileSync("dist/index.html", "x"); symlinkSync("/etc/passwd", "dist/passwd.txt");`,
    );
    expect(await deploy(built)).toMatchObject({
      status: "failed",
      error: "passwd.txt is a link that points outside the project.",
      metadata: { failure: { step: "collect" } },
    });
    await put("build.mjs", `process.exit(0)`);
    expect((await deploy(built)).error).toMatch(/^No build output found in dist/);

    // Takes far longer than the test: waiting for its end would time out.
    await put("build.mjs", `console.log("building"); setTimeout(() => {}, 600_000)`);
    const { deployment, task_id } = await api().deployments.create({ body: built });
    for await (const event of api().deployments.stream({ params: { deployment_id: deployment.id } }))
      if (event.type === "log" && event.data.line.endsWith("building")) break;
    expect(await outcome(await app.request("/api/deployments", { method: "POST", user: ada, json: built }))).toEqual([
      409,
      "deployment_running",
    ]);
    expect(await outcome(await app.request(`/api/deployments/${deployment.id}`, { method: "DELETE", user: ada }))).toEqual([
      409,
      "deployment_running",
    ]);
    expect(await api().deployments.cancel({ params: { deployment_id: deployment.id } })).toMatchObject({
      status: "failed",
      error: "Canceled.",
    });
    await ended(app, ada, task_id);
    expect((await app.runtime.list()).filter(({ id }) => id.startsWith("deploy-"))).toEqual([]);
    expect((await current(one)).is_live).toBe(true);
  },
);

test("fails a deployment whose container is deleted", { timeout: 60_000 }, async () => {
  const { project, container, put, body } = await viteLike("Removed");
  await put("build.mjs", `console.log("building"); setTimeout(() => {}, 60_000)`);
  const { deployment, task_id } = await api().deployments.create({ body });
  for await (const event of api().deployments.stream({ params: { deployment_id: deployment.id } }))
    if (event.type === "log" && event.data.line.endsWith("building")) break;
  await api().containers.remove({ params: { id: project.id, container_id: container.id } });
  await ended(app, ada, task_id);
  expect(await current(deployment)).toMatchObject({
    status: "failed",
    error: "The container was deleted during the deployment.",
    container_id: null,
  });
  expect((await app.runtime.list()).filter(({ id }) => id.includes(deployment.id))).toEqual([]);
});

test("starts a server before the cutover, restarts it after a crash and replaces it without downtime", { timeout: 60_000 }, async () => {
  const { project, container } = await setUpProject(app, ada, "Server");
  const body = { project_id: project.id, provider: "local", env_vars: { GREETING: "production" } };
  const one = await deploy(body);
  expect(one).toMatchObject({ status: "success", is_live: true });
  const site = visit(one.deployment_url);
  const appState = async () =>
    JSON.parse((await site.fetch("/headers")).text) as { boot: number; env: { GREETING: string }; headers: Record<string, string> };
  const first = await appState();
  expect(first.env.GREETING).toBe("production");
  expect(first.headers["x-forwarded-host"]).toBe(site.host);
  expect((await site.fetch("/cookie")).headers["set-cookie"]).toEqual(["mine=1; Path=/"]);
  await site.fetch("/crash").catch(() => undefined);
  for (let n = 0; n < 100 && (await site.fetch("/")).status !== 200; n++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await appState()).boot).not.toBe(first.boot);

  let isDown = false;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) isDown ||= (await site.fetch("/").catch(() => ({ status: 0 }))).status !== 200;
  })();
  const two = await deploy({ ...body, env_vars: { GREETING: "second" } });
  isOver = true;
  await watching;
  expect(two.error).toBe(null);
  expect((await appState()).env.GREETING).toBe("second");
  expect(isDown).toBe(false);
  await api().files.put({ params: { id: project.id, path: "server.mjs" }, body: { content: "process.exit(4)" } });
  expect(await deploy(body)).toMatchObject({ status: "failed", metadata: { failure: { step: "smoke" } } });
  expect((await appState()).env.GREETING).toBe("second");
  expect(container.name).toBeTruthy();

  // A suspension stops it, and ending the suspension starts it.
  const { pool } = app.studio.database;
  const suspend = async (is: boolean) => {
    await pool.query("update users set is_suspended = $2 where id = $1", [ada.id, is]);
    await pool.query("select graphile_worker.add_job('release_user', json_build_object('user_id', $1::text))", [ada.id]);
  };
  const runs = async () => {
    const builds = (await app.runtime.list()).filter(({ id }) => id.startsWith("deploy-"));
    const states = await Promise.all(builds.map(async ({ id }) => (await (await app.runtime.find(id))?.services()) ?? []));
    return states.flat().some(({ status }) => status === "running" || status === "starting");
  };
  expect(await runs()).toBe(true);
  await suspend(true);
  await vi.waitFor(async () => expect(await runs()).toBe(false));
  await suspend(false);
  await vi.waitFor(async () => expect((await appState()).env.GREETING).toBe("second"));

  // So does closing the account and restoring it.
  const { adminUsers } = app.as(await app.signUp({ admin: true }));
  await adminUsers.remove({ params: { id: ada.id }, body: { reason: "A mistake" } });
  await vi.waitFor(async () => expect(await runs()).toBe(false), 20_000);
  await adminUsers.restore({ params: { id: ada.id }, body: { reason: "It was one" } });
  await vi.waitFor(async () => expect((await appState()).env.GREETING).toBe("second"), 20_000);
  await pool.query("update sessions set revoked_at = null, revoked_reason = null where user_id = $1", [ada.id]);
});

test("denies access to others and rejects invalid requests before storing anything", async () => {
  const { project, container, body } = await viteLike("Private");
  const { deployment, task_id } = await api().deployments.create({ body });
  await ended(app, ada, task_id);
  const target = await api().deploymentTargets.create({ params: { project_id: project.id }, body: { provider: "local" } });
  const calls: [string, string, unknown?][] = [
    ["GET", `/api/deployments/${project.id}`],
    ["POST", "/api/deployments", body],
    ["POST", "/api/deployments/plan", body],
    ["POST", "/api/deployments/deploy-all", { project_id: project.id }],
    ["GET", `/api/deployments/${deployment.id}/status`],
    ["GET", `/api/deployments/${deployment.id}/logs`],
    ["GET", `/api/deployments/${deployment.id}/bundle`],
    ["GET", `/api/deployments/${deployment.id}/stream`],
    ["POST", `/api/deployments/${deployment.id}/rollback`],
    ["POST", `/api/deployments/${deployment.id}/promote`],
    ["POST", `/api/deployments/${deployment.id}/cancel`],
    ["DELETE", `/api/deployments/${deployment.id}`],
    ["GET", `/api/projects/${project.id}/launch-settings`],
    ["PUT", `/api/projects/${project.id}/launch-settings`, { blocking: [], weight_budget: 5000 }],
    ["GET", `/api/deployment-targets/${project.id}`],
    ["POST", `/api/deployment-targets/${project.id}`, { provider: "local" }],
    ["PATCH", `/api/deployment-targets/${project.id}/${target.id}`, { name: "x" }],
    ["PUT", `/api/deployment-targets/${project.id}/${target.id}/containers/${container.id}`],
    ["POST", `/api/deployment-targets/${project.id}/${target.id}/deploy`],
    ["GET", `/api/deployment-targets/${project.id}/${target.id}/history`],
    ["DELETE", `/api/deployment-targets/${project.id}/${target.id}`],
  ];
  for (const [method, path, json] of calls) {
    const init = { method, ...(json !== undefined && { json }) };
    expect((await app.request(path, { ...init, user: eve })).status, `${method} ${path}`).toBe(404);
    expect((await app.request(path, init)).status, `${method} ${path}`).toBe(401);
  }
  const refused = async (change: Record<string, unknown>) => {
    const response = await app.request("/api/deployments", { method: "POST", user: ada, json: { ...body, ...change } });
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  expect(await refused({ provider: "heroku" })).toEqual([400, "unknown_provider"]);
  expect(await refused({ provider: "NETLIFY", deployment_mode: "source" })).toEqual([400, "not_supported"]);
  expect(await refused({ provider: "Vercel" })).toEqual([400, "deployment_credentials_missing"]);
  expect(await refused({ custom_domain: "shop.example.com" })).toEqual([400, "custom_domain_not_supported"]);
  expect(await refused({ container_id: crypto.randomUUID() })).toEqual([404, "not_found"]);
  expect(await refused({ env_vars: { "1BAD": "x" } })).toEqual([422, undefined]);
  expect(await refused({ output_directory: "../.." })).toEqual([422, undefined]);
  expect((await api().deployments.list({ params: { project_id: project.id }, query: {} })).total).toBe(1);
});

test("attaches compatible containers to targets and deploys several as one task", { timeout: 60_000 }, async () => {
  const { project, container, put } = await viteLike("Canvas");
  const params = { project_id: project.id };
  const target = await api().deploymentTargets.create({ params, body: { provider: "local", position_x: 10 } });
  expect(target).toMatchObject({
    provider: "local",
    name: "This server",
    environment: "production",
    container_ids: [],
    is_connected: true,
  });
  const one = { ...params, target_id: target.id };
  await expect(api().deploymentTargets.deploy({ params: one, body: {} })).rejects.toMatchObject({ code: "no_containers" });
  expect(await api().deploymentTargets.attach({ params: { ...one, container_id: container.id } })).toMatchObject({
    container_ids: [container.id],
  });
  expect(await api().deploymentTargets.update({ params: one, body: { name: "Here", environment: "preview" } })).toMatchObject({
    name: "Here",
  });
  await put("go.mod", "module x");
  await api().files.remove({ params: { id: project.id, path: "package.json" } });
  const far = await api().deploymentTargets.create({ params, body: { provider: "cloudflare" } });
  await expect(
    api().deploymentTargets.attach({ params: { ...params, target_id: far.id, container_id: container.id } }),
  ).rejects.toMatchObject({ code: "target_incompatible" });
  await put("index.html", "<title>plain</title>");
  await api().files.remove({ params: { id: project.id, path: "go.mod" } });

  const sent = await api().deploymentTargets.deploy({ params: one, body: {} });
  expect(sent).toMatchObject({ total: 1, results: [{ container_id: container.id, status: "pending", error: null }] });
  expect((await ended(app, ada, sent.task_id)).result).toMatchObject({ total: 1, deployed: 1, failed: 0, skipped: 0 });
  expect((await api().deploymentTargets.history({ params: one, query: {} })).items).toMatchObject([
    { version: 1, status: "success", environment: "preview", is_live: false },
  ]);

  // Without a target: the only connected account, otherwise this server; or the given provider.
  const named = await api().deployments.deployAll({ body: { ...params, provider: "netlify" } });
  expect([named.task_id, named.results.map(({ provider, status }) => [provider, status])]).toEqual([null, [["netlify", "failed"]]]);
  const usual = await api().deployments.deployAll({ body: params });
  expect(usual.results.map(({ provider, status }) => [provider, status])).toEqual([["local", "pending"]]);
  expect((await ended(app, ada, usual.task_id)).result).toMatchObject({ total: 1, deployed: 1 });
  const account = await api().deploymentCredentials.save({ body: { provider: "vercel", access_token: "planted", skip_validation: true } });
  // A server app, which cannot be deployed there, so that it fails before a request to the provider.
  await put("go.mod", "module shop");
  const toAccount = await api().deployments.deployAll({ body: params });
  expect(toAccount.results.map(({ provider }) => provider)).toEqual(["vercel"]);
  await ended(app, ada, toAccount.task_id);
  await api().files.remove({ params: { id: project.id, path: "go.mod" } });
  await api().deploymentCredentials.remove({ params: { id: account.id } });
  const more = await api().containers.create({ params: { id: project.id }, body: { name: "api", base_id: "tiny" } });
  if (more.task_id) await ended(app, ada, more.task_id);
  for (const [id, provider] of [
    [container.id, "local"],
    [more.id, "vercel"],
  ] as const)
    await api().containers.update({ params: { id: project.id, container_id: id }, body: { deployment_provider: provider } });
  const all = await api().deployments.deployAll({ body: params });
  expect(all.results.map(({ provider, status }) => [provider, status]).toSorted()).toEqual([
    ["local", "pending"],
    ["vercel", "failed"],
  ]);
  expect((await ended(app, ada, all.task_id)).result).toMatchObject({ total: 2, deployed: 1, failed: 1, skipped: 0 });

  // The same through MCP.
  const call = async (name: string, args: object) => {
    const json = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
    const headers = { accept: "application/json, text/event-stream" };
    const response = await app.request("/mcp", { method: "POST", user: ada, json, headers });
    return ((await response.json()) as { result: { structuredContent: Record<string, unknown> } }).result.structuredContent;
  };
  const created = await call("deploy_project", { project_id: project.id, provider: "local" });
  await ended(app, ada, created["task_id"] as string);
  expect(await call("get_deployment", { deployment_id: created["id"] })).toMatchObject({ status: "success", is_live: true, version: 4 });
  expect(await call("list_deployments", { project_id: project.slug })).toMatchObject({ total: 5 });

  expect(await api().deployments.launchSettings({ params })).toEqual({ blocking: ["build", "secrets"], weight_budget: 2_000_000 });
  await api().deploymentTargets.detach({ params: { ...one, container_id: container.id } });
  await api().deploymentTargets.remove({ params: one });
  // Deleting a container takes down its local versions; their rows remain.
  await api().containers.remove({ params: { id: project.id, container_id: container.id } });
  const left = await api().deployments.list({ params, query: { provider: "local" } });
  expect(left.items.map(({ is_live, can_roll_back, container_id }) => [is_live, can_roll_back, container_id])).toEqual([
    [false, false, null],
    [false, false, null],
    [false, false, null],
    [false, false, null],
  ]);
  expect((await api().deploymentTargets.list({ params, query: {} })).total).toBe(1);
});

test("an app that the start script of an outer app runs is deployed with it, with its variables", { timeout: 60_000 }, async () => {
  const { project, container } = await setUpProject(app, ada, "Outer");
  const params = { id: project.id };
  const made = await api().containers.create({ params, body: { name: "api", base_id: "tiny" } });
  await ended(app, ada, made.task_id);
  await api().containers.update({ params: { ...params, container_id: made.id }, body: { env_vars_to_set: { GREETING: "of the api" } } });
  const manifest = JSON.stringify({ scripts: { start: "node api/server.mjs" } });
  await api().files.put({ params: { ...params, path: "package.json" }, body: { content: manifest } });

  const body = { project_id: project.id, provider: "local", container_id: made.id } as const;
  await expect(api().deployments.create({ body })).rejects.toMatchObject({
    code: "not_supported",
    message: `api is deployed with ${container.name}. Deploy ${container.name}.`,
  });
  expect((await api().deployments.plan({ body })).warnings).toContain(`api is deployed with ${container.name}. Deploy ${container.name}.`);
  const sent = await api().deployments.deployAll({ body: { project_id: project.id } });
  expect(sent.results.map(({ container_name, status, error }) => [container_name, status, error])).toEqual(
    expect.arrayContaining([
      [container.name, "pending", null],
      ["api", "skipped", `api is deployed with ${container.name}.`],
    ]),
  );
  await ended(app, ada, sent.task_id);
  const { items } = await api().deployments.list({ params: { project_id: project.id }, query: {} });
  expect(items).toMatchObject([{ container_id: container.id, status: "success", error: null }]);
  const { env } = JSON.parse((await visit(items[0]?.deployment_url ?? "").fetch("/headers")).text) as { env: { GREETING: string } };
  expect(env.GREETING).toBe("of the api");
});

test("the first version on this server gets the chosen name, which must be free", { timeout: 60_000 }, async () => {
  const { body } = await viteLike("Corner Shop");
  const create = (more: Partial<DeploymentRequest>) => api().deployments.create({ body: { ...body, ...more } });
  await expect(create({ site_name: "Not a name" })).rejects.toMatchObject({ status: 422 });
  await expect(create({ site_name: "admin" })).rejects.toMatchObject({ status: 409, code: "site_name_taken" });
  await expect(create({ site_name: "corner", environment: "preview" })).rejects.toMatchObject({ status: 400, code: "not_supported" });
  const one = await deploy({ ...body, site_name: "corner", env_vars: { VITE_GREETING: "hello" } });
  expect(one).toMatchObject({ status: "success", deployment_url: `http://live--corner.preview.localhost:${app.port}` });

  const other = await viteLike("Corner");
  // The project's name is taken.
  const plan = await api().deployments.plan({ body: other.body });
  expect(plan).toMatchObject({ site_name: `corner-${other.container.name.toLowerCase().replaceAll(" ", "-")}`, has_site: false });
  await expect(api().deployments.create({ body: { ...other.body, site_name: "corner" } })).rejects.toMatchObject({
    status: 409,
    code: "site_name_taken",
  });
  const two = await deploy({ ...other.body, env_vars: { VITE_GREETING: "hello" } });
  expect(new URL(two.deployment_url ?? "").hostname).toBe(`live--${plan.site_name}.preview.localhost`);
});
