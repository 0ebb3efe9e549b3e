import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deployment, DeploymentRequest } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { deploymentNow, plainBuild, startDeployProviders, type DeployProviders } from "../../../testing/deploying.ts";
import { ended, projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";

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

test.each(["vercel", "netlify", "cloudflare"] as const)(
  "deploys a local build to %s, redeploys to the same site, and rolls back to the first version",
  { timeout: 60_000 },
  async (provider) => {
    const { project: owner, put } = await project(`To ${provider}`);
    const body = { project_id: owner.id, provider, deployment_mode: "pre-built" as const, env_vars: { VITE_GREETING: "hello" } };
    const one = await deploy(body);
    expect(one).toMatchObject({ status: "success", error: null, is_live: true, version: 1 });
    // Paths, tasks and events use our id; the provider's is separate.
    expect(one.remote_id).not.toBe(one.id);
    expect(one).not.toHaveProperty("deployment_id");
    const site = one.metadata.site_name ?? "";
    expect(site).toBe(owner.slug);
    expect(liveFiles(provider, site)).toEqual(expected("one"));
    expect(one.logs?.join("\n")).toContain("secret is [secret:API_TOKEN]");
    await put("build.mjs", plainBuild("two"));
    const two = await deploy(body);
    expect(two).toMatchObject({ status: "success", is_live: true, version: 2, metadata: { site_id: one.metadata.site_id } });
    expect(liveFiles(provider, site)).toEqual(expected("two"));
    expect(await deploymentNow(app, ada, one)).toMatchObject({ is_live: false, can_roll_back: true });
    const back = await api().deployments.rollback({ params: { deployment_id: one.id } });
    await ended(app, ada, back.task_id);
    expect(liveFiles(provider, site)).toEqual(expected("one"));
    const live = await deploymentNow(app, ada, back.deployment);
    expect(live).toMatchObject({ status: "success", is_live: true });
    if (live.id !== one.id) expect(live).toMatchObject({ version: 3, metadata: { rollback_of: 1 } });
    const callsBefore = providers[provider].calls.length;
    const status = await api().deployments.status({ params: { deployment_id: live.id } });
    expect(status).toMatchObject({ status: "success" });
    expect(status.provider_status).not.toBe(null);
    await api().deployments.status({ params: { deployment_id: live.id } });
    expect(providers[provider].calls.length - callsBefore).toBeLessThanOrEqual(2);
    await api().deployments.remove({ params: { deployment_id: two.id } });
    expect(liveFiles(provider, site)).toEqual(expected("one"));
    // By default also deletes it at the provider; if it is the whole site there, only on request.
    await api().deployments.remove({ params: { deployment_id: live.id } });
    const deleted = providers[provider].calls.flatMap(({ call }) => /^DELETE .*\/([^/]+)$/.exec(call)?.[1] ?? []);
    expect(deleted).toEqual(provider === "cloudflare" ? [] : [two.remote_id, live.remote_id]);
  },
);

test("checks the build and the sources' secrets before uploading sources", { timeout: 60_000 }, async () => {
  const { project: owner, put } = await project("Gated sources");
  const body = { project_id: owner.id, provider: "vercel", env_vars: { VITE_GREETING: "hello" } };
  const sent = () => providers.vercel.calls.filter(({ call }) => /^POST \/v(?:2\/files|11\/projects|13\/)/.test(call)).length;
  const before = sent();
  await put("src/key.ts", "export const key = 'planted-secret-value';\n");
  expect(await deploy(body)).toMatchObject({
    status: "failed",
    error: "Blocked by launch checks (secrets): Anyone with access to the sources can read the value of API_TOKEN.",
    metadata: { mode: "source", failure: { step: "gate", path: "src/key.ts", line: 1 } },
    report: { is_blocked: true },
  });
  await put("src/key.ts", "export const key = 1;\n");
  await put("build.mjs", `${plainBuild("one")}\nwriteFileSync("dist/leak.js", "const key = '" + process.env.API_TOKEN + "';");`);
  expect((await deploy(body)).error).toBe("Blocked by launch checks (secrets): Visitors can read the value of API_TOKEN.");
  await put("build.mjs", `console.error("src/key.ts:1:8: error: wrong"); process.exit(2);`);
  expect(await deploy(body)).toMatchObject({ status: "failed", metadata: { failure: { step: "build", path: "src/key.ts", line: 1 } } });
  expect(sent()).toBe(before);

  expect(await deploy({ ...body, ignore_rules: ["build"] })).toMatchObject({ status: "success", is_live: true });
  await put("build.mjs", plainBuild("one"));
  const good = await deploy(body);
  expect(good).toMatchObject({ status: "success", is_live: true, report: { is_blocked: false } });
  expect(liveFiles("vercel", good.metadata.site_name ?? "")).not.toHaveProperty("index.html");
  expect(good.logs?.join("\n")).toContain("[stdout] Build completed");
  expect((await app.runtime.list()).filter(({ id }) => id.startsWith(`deploy-${good.id}`))).toEqual([]);
});

test("uploads sources to Vercel without build output, hidden files or secrets, after setting variables", { timeout: 60_000 }, async () => {
  const { project: owner, put } = await project("Sources");
  for (const [path, text] of [
    ["dist/old.js", "old"],
    ["src/build/kept.js", "kept"],
    [".npmrc", "registry=https://registry.example.com/\n//registry.example.com/:_authToken=npm_secret\n"],
    [".env.local", "A=1"],
    ["node_modules/x/index.js", "x"],
  ] as const)
    await put(path, text);
  const sent = await deploy({ project_id: owner.id, provider: "vercel", env_vars: { GREETING: "hi" } });
  expect(sent).toMatchObject({ status: "success", metadata: { mode: "source" } });
  const files = liveFiles("vercel", sent.metadata.site_name ?? "");
  expect(Object.keys(files).sort()).toEqual([".npmrc", "build.mjs", "package.json", "server.mjs", "src/build/kept.js"]);
  expect(files[".npmrc"]).not.toContain("npm_secret");
  expect(providers.vercel.deployment(sent.remote_id ?? "").env).toMatchObject({ GREETING: "hi", API_TOKEN: "planted-secret-value" });

  // Removes variables at the provider that were removed here; keeps the user's own and those of other environments.
  const there = providers.vercel.project(sent.metadata.site_name ?? "")?.env;
  there?.push({ id: "env_theirs", key: "THEIRS", value: "1", type: "plain", target: ["production", "preview"] });
  await deploy({ project_id: owner.id, provider: "vercel", environment: "preview", env_vars: { GREETING: "look" } });
  const next = await deploy({ project_id: owner.id, provider: "vercel", exclude_env: ["API_TOKEN"] });
  expect(providers.vercel.deployment(next.remote_id ?? "").env).toEqual({ THEIRS: "1" });
  expect(there?.filter(({ target }) => target.includes("preview")).map(({ key, value }) => [key, value])).toEqual([
    ["THEIRS", "1"],
    ["API_TOKEN", "planted-secret-value"],
    ["GREETING", "look"],
  ]);
  expect(next.logs?.join("\n")).toContain("Removed the environment variable GREETING from Vercel");
});
