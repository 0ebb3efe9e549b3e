import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import type { Deployment } from "@tesslate/contract";
import { testApp } from "../../../testing/app.ts";
import { deploymentNow, plainBuild, startDeployProviders } from "../../../testing/deploying.ts";
import { setUpProject, visitHost } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();

const runtimeDir = temporaryFolder("runtime");
const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
const children: SpawnedStudio[] = [];
afterAll(async () => {
  for (const child of children) await child.kill();
  if (!probe) return;
  const runtime = await open();
  for (const { id } of await runtime.list()) await runtime.remove(id);
  await runtime.close();
});

test.skipIf(!probe)(
  `kill -9 during builds and provider calls: each deployment ends correctly, once, and local live versions are served again${probe ? "" : " (skipped: needs a sandbox)"}`,
  { timeout: 240_000 },
  async () => {
    await using providers = await startDeployProviders();
    const { netlify } = providers;
    const env = { ...providers.env, CHROMIUM_PATH: "/nowhere/chromium" };
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data"), env });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await setUpProject(app, ada);
    await providers.connect(app, ada);
    const put = (path: string, content: string) => api.files.put({ params: { id: project.id, path }, body: { content } });
    await app.studio.close();
    const spawn = async () => {
      const child = await spawnStudio({ ...app, runtimeDir, templatesDir, env });
      children.push(child);
      return child;
    };
    const body = { project_id: project.id, provider: "netlify", env_vars: { VITE_GREETING: "hello" } };
    const until = async (isSo: (now: Deployment) => boolean, one: Deployment) => {
      for (let n = 0; ; n++) {
        const now = await deploymentNow(app, ada, one);
        if (isSo(now)) return now;
        if (n > 600) throw new Error(`the condition did not become true: ${JSON.stringify(now)}`);
        await sleep(100);
      }
    };
    const isOver = ({ status }: Deployment) => status === "success" || status === "failed";
    let server = await spawn();

    // A server and a static site before the first kill.
    const here = await api.deployments.create({ body: { ...body, provider: "local" } });
    const program = await until(isOver, here.deployment);
    expect(program).toMatchObject({ status: "success", is_live: true });
    const visit = visitHost(app, new URL(program.deployment_url ?? "").host);
    const bootOf = async () => (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
    const boot = await bootOf();

    await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" } }));
    await put("build.mjs", `await new Promise((done) => setTimeout(done, 1500));\n${plainBuild("one")}`);
    const building = await api.deployments.create({ body });
    for await (const event of api.deployments.stream({ params: { deployment_id: building.deployment.id } }))
      if (event.type === "log" && event.data.line.includes("$ npm run build")) break;
    await server.kill();
    server = await spawn();
    const built = await until(isOver, building.deployment);
    expect(built).toMatchObject({ status: "success", is_live: true, version: 1, error: null });
    expect(netlify.deploys).toHaveLength(1);
    expect(
      netlify
        .files(built.metadata.site_name ?? "")
        .get("index.html")
        ?.toString(),
    ).toContain("<title>one");
    // The server continued to run.
    expect(await bootOf()).toBe(boot);

    const site = await api.deployments.create({ body: { ...body, provider: "local" } });
    expect(await until(isOver, site.deployment)).toMatchObject({ status: "success", is_live: true, version: 2 });

    netlify.plan({ polls: 9 });
    const polling = await api.deployments.create({ body });
    await until(({ remote_id, status }) => status === "deploying" && remote_id !== null, polling.deployment);
    const callsBefore = netlify.calls.length;
    for (let n = 0; netlify.calls.length < callsBefore + 2 && n < 200; n++) await sleep(50);
    await server.kill();
    netlify.plan({});
    server = await spawn();
    expect(await until(isOver, polling.deployment)).toMatchObject({ status: "success", is_live: true, version: 2 });
    expect(netlify.deploys).toHaveLength(2);
    expect((await deploymentNow(app, ada, built)).is_live).toBe(false);

    expect((await visit.fetch("/")).text).toContain("<title>one");
    const { task_id } = await api.deployments.rollback({ params: { deployment_id: program.id } });
    expect(task_id).not.toBe(null);
    await until(({ is_live }) => is_live, program);
    expect((await visit.fetch("/headers")).status).toBe(200);

    // A version that the provider no longer has is deployed again; the server is killed during the deployment.
    netlify.trouble({ on: /\/restore$/, reply: { status: 404, body: { message: "Not found" } } });
    netlify.plan({ polls: 9 });
    await api.deployments.rollback({ params: { deployment_id: built.id } });
    const again = await vi.waitFor(
      async () => {
        const { items } = await api.deployments.list({ params: { project_id: project.id }, query: { provider: "netlify" } });
        const found = items.find(({ version, remote_id }) => version === 3 && remote_id !== null);
        return found ?? Promise.reject(new Error("it is not at the provider yet"));
      },
      { timeout: 60_000, interval: 50 },
    );
    await server.kill();
    netlify.plan({});
    await spawn();
    expect(await until(isOver, again)).toMatchObject({ status: "success", is_live: true, error: null, metadata: { rollback_of: 1 } });
    expect(netlify.deploys).toHaveLength(3);
  },
);
