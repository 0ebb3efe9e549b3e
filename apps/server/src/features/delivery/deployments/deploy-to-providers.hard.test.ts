import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Deployment, DeploymentRequest } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { deploymentNow, plainBuild, startDeployProviders, type DeployProviders } from "../../../testing/deploying.ts";
import { ended, projectsApp, setUpProject, visitHost, type ProjectsApp } from "../../../testing/projects.ts";

let app: ProjectsApp;
let providers: DeployProviders;
let ada: TestUser;
beforeAll(async () => {
  providers = await startDeployProviders();
  app = await projectsApp({
    env: { ...providers.env, CHROMIUM_PATH: "/nowhere/chromium" },
    configure: (config) => {
      config.deployProviders.retry = { tries: 3, firstMs: 20, maxWaitMs: 200 };
    },
  });
  ada = await app.signUp();
  await providers.connect(app, ada);
}, 60_000);
afterAll(async () => {
  await app?.close();
  await providers?.[Symbol.asyncDispose]();
});

const api = () => app.as(ada);
async function project(name: string) {
  const made = await setUpProject(app, ada, name);
  const put = (path: string, content: string) => api().files.put({ params: { id: made.project.id, path }, body: { content } });
  await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" }, devDependencies: { vite: "1" } }));
  // No dependencies, so nothing is installed.
  await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" } }));
  await put("build.mjs", plainBuild("one"));
  await api().secrets.set({ params: { project_id: made.project.id }, body: { key: "API_TOKEN", value: "planted-secret-value" } });
  return { ...made, put };
}
const deploy = async (body: DeploymentRequest): Promise<Deployment> => {
  const { task_id, deployment } = await api().deployments.create({ body });
  await ended(app, ada, task_id);
  return deploymentNow(app, ada, deployment);
};
/** Files served to visitors, without generated ones. */
const liveFiles = (provider: string, site: string) => {
  const { vercel, netlify, cloudflare } = providers;
  const files = provider === "vercel" ? vercel.files(site) : provider === "netlify" ? netlify.files(site) : cloudflare.files(site);
  return Object.fromEntries(
    [...files]
      .map(([path, data]) => [path.replace(/^\//, ""), data.toString()] as const)
      .filter(([path]) => path !== "_redirects" && path !== "vercel.json"),
  );
};
const expected = (version: string) => ({
  "index.html": `<!doctype html><title>${version}</title><p>hello`,
  "build/x.js": `export const version = '${version}';`,
  ".well-known/security.txt": "Contact: us",
});

/** Files served at a preview's own URL. */
const previewFiles = ({ provider, remote_id, deployment_url, metadata }: Deployment): Record<string, string> | undefined => {
  const { vercel, netlify, cloudflare } = providers;
  const id = remote_id ?? "";
  const site = metadata.site_name ?? "";
  const at = (url: string) => (deployment_url === url ? url : undefined);
  const files =
    provider === "vercel"
      ? at(`https://${vercel.deployment(id).url}`) && vercel.files(site, id)
      : provider === "netlify"
        ? at(`https://${id}--${site}.netlify.app`) && netlify.files(site, id)
        : cloudflare.filesAt(deployment_url ?? "");
  return (
    files &&
    Object.fromEntries(
      [...files].map(([path, data]) => [path, data.toString()]).filter(([path]) => path !== "vercel.json" && path !== "_redirects"),
    )
  );
};

test.each(["vercel", "netlify", "cloudflare"] as const)(
  "a preview at %s has its own URL, leaves the live site unchanged, and is promoted past the launch gate",
  { timeout: 60_000 },
  async (provider) => {
    const { project: owner, put } = await project(`Preview at ${provider}`);
    const body = { project_id: owner.id, provider, deployment_mode: "pre-built" as const, env_vars: { VITE_GREETING: "hello" } };
    const preview = { ...body, environment: "preview" as const };
    const first = await deploy(preview);
    expect(first).toMatchObject({ status: "success", error: null, environment: "preview", is_live: false, can_promote: true, version: 1 });
    const site = first.metadata.site_name ?? "";
    expect(previewFiles(first)).toEqual(expected("one"));
    expect(liveFiles(provider, site)).toEqual({});
    if (provider === "cloudflare") expect(providers.cloudflare.filesAt(`https://${site}.ada.workers.dev`)).toBeUndefined();

    await put("build.mjs", plainBuild("two"));
    const two = await deploy({ ...body, env_vars: { VITE_GREETING: "hello", FLAG: "production" } });
    expect(two).toMatchObject({
      environment: "production",
      is_live: true,
      can_promote: false,
      metadata: { site_id: first.metadata.site_id },
    });
    await put("build.mjs", plainBuild("three").replace("'three'", "'three planted-secret-value'"));
    await api().deployments.updateLaunchSettings({ params: { project_id: owner.id }, body: { blocking: ["build"], weight_budget: 5000 } });
    const three = await deploy({ ...preview, env_vars: { VITE_GREETING: "hello", FLAG: "preview" } });
    expect(three).toMatchObject({ status: "success", is_live: false, can_roll_back: false, can_promote: true });
    expect(previewFiles(three)?.["index.html"]).toContain("<title>three");
    expect(previewFiles(first)).toEqual(expected("one"));
    expect(liveFiles(provider, site)).toEqual(expected("two"));
    expect(await deploymentNow(app, ada, two)).toMatchObject({ is_live: true, deployment_url: two.deployment_url });
    if (provider === "vercel") {
      expect(providers.vercel.deployment(three.remote_id ?? "").env["FLAG"]).toBe("preview");
      const flags = providers.vercel.project(site)?.env.filter(({ key }) => key === "FLAG");
      expect(flags?.map(({ value, target }) => [value, target])).toEqual([
        ["production", ["production"]],
        ["preview", ["preview"]],
      ]);
    }

    // Rules ignored for the preview apply again.
    await api().deployments.updateLaunchSettings({
      params: { project_id: owner.id },
      body: { blocking: ["secrets"], weight_budget: 5000 },
    });
    const promote = async ({ id }: Deployment) => {
      const { task_id } = await api().deployments.promote({ params: { deployment_id: id } });
      return ended(app, ada, task_id);
    };
    expect(await promote(three)).toMatchObject({ status: "failed" });
    expect(await deploymentNow(app, ada, three)).toMatchObject({
      status: "success",
      is_live: false,
      can_promote: true,
      error: expect.stringContaining("Blocked by launch checks (secrets)") as string,
      report: { is_blocked: true },
    });
    expect(liveFiles(provider, site)).toEqual(expected("two"));

    // One failed poll is not a result.
    if (provider === "vercel") providers.vercel.trouble({ on: /^GET \/v13\//, reply: { status: 503, body: {} } });
    expect(await promote(first)).toMatchObject({ status: "completed" });
    expect(liveFiles(provider, site)).toEqual(expected("one"));
    expect(await deploymentNow(app, ada, first)).toMatchObject({
      environment: "production",
      is_live: true,
      can_promote: false,
      error: null,
    });
    expect(await deploymentNow(app, ada, two)).toMatchObject({ is_live: false, can_roll_back: true });
    await expect(api().deployments.promote({ params: { deployment_id: two.id } })).rejects.toMatchObject({ code: "not_deployable" });
    await api().deployments.remove({ params: { deployment_id: three.id }, query: { delete_remote: true } });
    expect(liveFiles(provider, site)).toEqual(expected("one"));
  },
);

test(
  "serves a local preview on its own host until it is promoted, and runs only the newest preview server",
  { timeout: 60_000 },
  async () => {
    const { project: owner, put } = await project("Preview here");
    const body = { project_id: owner.id, provider: "local", env_vars: { VITE_GREETING: "hello", GREETING: "live" } };
    const preview = { ...body, environment: "preview" as const, env_vars: { VITE_GREETING: "hello", GREETING: "preview" } };
    const at = ({ deployment_url }: Deployment) => visitHost(app, new URL(deployment_url ?? "").host);
    const title = async (one: Deployment) => /<title>(\w+)/.exec((await at(one).fetch("/")).text)?.[1];
    const live = await deploy(body);
    await put("build.mjs", plainBuild("two"));
    const two = await deploy(preview);
    expect(two).toMatchObject({ status: "success", environment: "preview", is_live: false, can_promote: true });
    expect(new URL(two.deployment_url ?? "").host).toMatch(new RegExp(`^preview--${owner.slug}-\\w{12}\\.`));
    expect([await title(live), await title(two)]).toEqual(["one", "two"]);
    const robotsAt = async (one: Deployment) => (await at(one).fetch("/")).headers["x-robots-tag"];
    expect([await robotsAt(live), await robotsAt(two)]).toEqual([undefined, "noindex"]);
    await expect(api().deployments.create({ body: { ...preview, custom_domain: "a.example.org" } })).rejects.toMatchObject({
      code: "custom_domain_not_supported",
    });

    // Through a deployment target.
    const params = { project_id: owner.id };
    const target = await api().deploymentTargets.create({ params, body: { provider: "local", environment: "preview" } });
    const { items: containers } = await api().containers.list({ params: { id: owner.id } });
    await api().deploymentTargets.attach({ params: { ...params, target_id: target.id, container_id: containers[0]?.id ?? "" } });
    const sent = await api().deploymentTargets.deploy({ params: { ...params, target_id: target.id }, body: {} });
    await ended(app, ada, sent.task_id);
    expect((await api().deployments.list({ params, query: {} })).items[0]).toMatchObject({ environment: "preview", is_live: false });

    const promote = async ({ id }: Deployment) =>
      ended(app, ada, (await api().deployments.promote({ params: { deployment_id: id } })).task_id);
    expect(await promote(two)).toMatchObject({ status: "completed" });
    expect(await title(live)).toBe("two");
    expect((await at(two).fetch("/")).status).toBe(404);
    const promoted = await deploymentNow(app, ada, two);
    expect(promoted).toMatchObject({ environment: "production", is_live: true, deployment_url: live.deployment_url });

    await api().files.remove({ params: { id: owner.id, path: "package.json" } });
    const greeting = async (one: Deployment) => {
      const { status, text } = await at(one).fetch("/headers");
      return status === 200 ? (JSON.parse(text) as { env: { GREETING: string } }).env.GREETING : status;
    };
    const older = await deploy(preview);
    const program = await deploy(preview);
    expect([await greeting(older), await greeting(program), await title(live)]).toEqual([404, "preview", "two"]);
    expect(await robotsAt(program)).toBe("noindex");
    expect(await deploymentNow(app, ada, older)).toMatchObject({ can_promote: false });
    expect(await promote(program)).toMatchObject({ status: "completed" });
    expect(await greeting(live)).toBe("preview");
  },
);

test("rejects deployments, promotions, rollbacks and deletion during a cutover", { timeout: 60_000 }, async () => {
  const { netlify } = providers;
  const { project: owner, container, put } = await project("One at a time");
  const body = { project_id: owner.id, provider: "netlify", env_vars: { VITE_GREETING: "hello" } };
  const one = await deploy(body);
  await put("build.mjs", plainBuild("two"));
  const two = await deploy(body);
  await put("build.mjs", plainBuild("three"));
  const preview = await deploy({ ...body, environment: "preview" });
  const isRefused = async () => {
    const calls = [
      ["POST", "/api/deployments", body],
      ["POST", `/api/deployments/${preview.id}/promote`],
      ["POST", `/api/deployments/${one.id}/rollback`],
    ] as const;
    const codes = [];
    for (const [method, path, json] of calls)
      codes.push(((await (await app.request(path, { method, user: ada, ...(json && { json }) })).json()) as { code?: string }).code);
    return codes.map((code) => code === "deployment_running");
  };
  const removed = async ({ id }: Deployment) => (await app.request(`/api/deployments/${id}`, { method: "DELETE", user: ada })).status;
  /** Runs a callback before the provider has responded. */
  const during = async (
    begin: () => Promise<{ task_id: string | null; already_started?: boolean }>,
    look: (taskId: string | null) => Promise<void>,
  ) => {
    const callsBefore = netlify.calls.length;
    const { promise, resolve } = Promise.withResolvers<void>();
    netlify.trouble({ on: /\/restore$/, until: promise });
    const { task_id } = await begin();
    try {
      expect(await begin()).toMatchObject({ task_id, already_started: true });
      await look(task_id);
    } finally {
      resolve();
    }
    await ended(app, ada, task_id);
    expect(netlify.calls.slice(callsBefore).filter(({ call }) => call.endsWith("/restore"))).toHaveLength(1);
  };
  await during(
    () => api().deployments.rollback({ params: { deployment_id: one.id } }),
    async () => {
      expect(await isRefused()).toEqual([true, true, false]);
      expect(await removed(one)).toBe(409);
    },
  );
  expect(await deploymentNow(app, ada, one)).toMatchObject({ is_live: true });
  await during(
    () => api().deployments.promote({ params: { deployment_id: preview.id } }),
    async () => {
      expect((await api().deployments.list({ params: { project_id: owner.id }, query: { status: "success" } })).total).toBe(3);
      expect(await isRefused()).toEqual([true, false, false]);
      await expect(api().deployments.rollback({ params: { deployment_id: two.id } })).rejects.toMatchObject({
        code: "deployment_running",
      });
      expect(await removed(preview)).toBe(409);
    },
  );
  expect(await deploymentNow(app, ada, preview)).toMatchObject({ is_live: true, environment: "production" });
  expect(liveFiles("netlify", preview.metadata.site_name ?? "")).toEqual(expected("three"));

  // A version that the provider no longer has is deployed again, and the task ends when it is live.
  netlify.trouble({ on: /\/restore$/, reply: { status: 404, body: { message: "Not found" } } });
  const back = await api().deployments.rollback({ params: { deployment_id: two.id } });
  expect(await ended(app, ada, back.task_id)).toMatchObject({ status: "completed", result: { version: 4 } });
  const { items } = await api().deployments.list({ params: { project_id: owner.id }, query: {} });
  expect(items[0]).toMatchObject({ version: 4, is_live: true, metadata: { rollback_of: 2 } });
  expect(liveFiles("netlify", preview.metadata.site_name ?? "")).toEqual(expected("two"));

  // The container is deleted during the deployment.
  const { promise, resolve } = Promise.withResolvers<void>();
  netlify.trouble({ on: /\/restore$/, until: promise });
  const lost = await api().deployments.rollback({ params: { deployment_id: one.id } });
  const removal = api().containers.remove({ params: { id: owner.id, container_id: container.id } });
  await vi.waitFor(async () => expect((await api().containers.list({ params: { id: owner.id } })).total).toBe(0));
  resolve();
  await removal;
  expect((await ended(app, ada, lost.task_id)).status).not.toBe("completed");
  expect(await deploymentNow(app, ada, one)).toMatchObject({ is_live: false, container_id: null });
});

test("keeps a newer deployment live when an older one finishes late", { timeout: 60_000 }, async () => {
  const { project: owner, put } = await project("Late");
  const body = { project_id: owner.id, provider: "netlify", env_vars: { VITE_GREETING: "hello" } };
  const one = await deploy(body);
  await put("build.mjs", plainBuild("two"));
  const two = await deploy(body);
  // The server stopped waiting, and the provider published it after a later version.
  await app.studio.database.pool.query("update deployments set status = 'deploying', completed_at = null, asked_at = null where id = $1", [
    one.id,
  ]);
  const site = providers.netlify.sites.find(({ id }) => id === one.metadata.site_id);
  if (site) site.live = one.remote_id ?? "";
  expect(await api().deployments.status({ params: { deployment_id: one.id } })).toMatchObject({ status: "success" });
  expect(await deploymentNow(app, ada, one)).toMatchObject({ status: "success", is_live: false, can_roll_back: true });
  expect(await deploymentNow(app, ada, two)).toMatchObject({ is_live: true });
  expect(liveFiles("netlify", one.metadata.site_name ?? "")).toEqual(expected("two"));
});

test("reports provider errors, retries temporary ones and skips providers without an account", { timeout: 60_000 }, async () => {
  const { project: owner } = await project("Trouble");
  const body = { project_id: owner.id, provider: "netlify" };
  const good = await deploy(body);
  providers.netlify.plan({ error: "Build script returned: src/main.ts:4:2 is wrong" });
  const bad = await deploy(body);
  providers.netlify.plan({});
  expect(bad).toMatchObject({ status: "failed", is_live: false, metadata: { failure: { step: "provider" } } });
  expect(bad.error).not.toBe(null);
  expect((await deploymentNow(app, ada, good)).is_live).toBe(true);
  providers.netlify.trouble({ on: /^GET \/api\/v1\/deploys\//, times: 3, reply: { status: 503, body: {} } });
  expect(await deploy(body)).toMatchObject({ status: "success", is_live: true, version: 3 });
  providers.netlify.settle();
  const cause = async (trouble: Parameters<typeof providers.netlify.trouble>[0]) => {
    providers.netlify.trouble({ times: 9, ...trouble });
    const { error, metadata } = await deploy(body);
    providers.netlify.settle();
    return [metadata.failure?.step, metadata.failure?.code, error];
  };
  const on = /^POST .*\/deploys$/;
  expect(await cause({ on, reply: { status: 429, body: { message: "slow down" }, headers: { "retry-after": "600" } } })).toEqual([
    "upload",
    "busy",
    "Netlify rate limit reached for the next 10 min: slow down",
  ]);
  expect(await cause({ on, reply: { status: 503, body: {} } })).toEqual(["upload", "down", "Netlify failed (503)."]);
  expect(await cause({ on, reply: { status: 404, body: { message: "Site not found" } } })).toEqual([
    "upload",
    "not_found",
    "Netlify did not find it: Site not found",
  ]);
  expect(await cause({ on, cutAfterBytes: 1 })).toEqual(["upload", "unreachable", expect.stringMatching(/^Netlify closed the connection/)]);
  providers.netlify.trouble({ on: /^GET \/api\/v1\/deploys\//, times: 9, reply: { status: 502, body: {} } });
  expect(await api().deployments.status({ params: { deployment_id: good.id } })).toMatchObject({
    provider_status: null,
    provider_error: "Netlify failed (502).",
    provider_error_code: "down",
  });
  providers.netlify.settle();
  const eve = await app.signUp();
  const made = await setUpProject(app, eve, "Eve");
  await expect(app.as(eve).deployments.create({ body: { project_id: made.project.id, provider: "netlify" } })).rejects.toMatchObject({
    code: "deployment_credentials_missing",
  });
});
