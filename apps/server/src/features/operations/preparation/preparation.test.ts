import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { AdminPreparationItem, PreparationItem } from "@tesslate/contract";
import { freePort } from "@tesslate/testkit";
import { emptyRuntime, ended, projectsApp, type ProjectsApp, type ProjectsAppOptions } from "../../../testing/projects.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

/** A build that asks the test whether it may go on. */
const build = `console.log("installing " + process.argv[1]);
fetch(process.argv[2] + "/" + process.argv[1]).then(async (answer) => {
  if (answer.ok) return;
  console.error("npm error network is unreachable");
  process.exitCode = 1;
});`;

/** Templates whose builds wait until the test lets them end; the first is the default one. */
async function slowTemplates(...slugs: string[]) {
  const dir = temporaryFolder("templates");
  const started: string[] = [];
  const outcomes = new Map<string, number>();
  const waiting = new Map<string, Set<(status: number) => void>>();
  const server = createServer(({ url = "" }, response) => {
    const slug = url.slice(1);
    started.push(slug);
    const respond = (status: number) => response.writeHead(status).end();
    const known = outcomes.get(slug);
    if (known !== undefined) return respond(known);
    const others = waiting.get(slug) ?? new Set();
    waiting.set(slug, others.add(respond));
    response.once("close", () => others.delete(respond));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  for (const [i, slug] of slugs.entries()) {
    await mkdir(join(dir, slug, "files"), { recursive: true });
    await writeFile(join(dir, slug, "files/readme.txt"), slug);
    await writeFile(
      join(dir, slug, "template.json"),
      JSON.stringify({
        slug,
        name: `Template ${slug}`,
        description: "For tests",
        stack: [],
        default: i === 0,
        build: [["node", "-e", build, slug, `http://127.0.0.1:${port}`]],
        service: { command: ["sleep", "1000"], port: await freePort() },
        starter_prompts: [],
      }),
    );
  }
  const end = (slug: string, status: number) => {
    outcomes.set(slug, status);
    for (const respond of waiting.get(slug) ?? []) respond(status);
  };
  return {
    dir,
    /** Builds that began, in order. */
    started,
    finish: (...these: string[]) => these.forEach((slug) => end(slug, 200)),
    fail: (slug: string) => end(slug, 500),
  };
}
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const open = (templatesDir: string, { env, ...options }: ProjectsAppOptions = {}) =>
  projectsApp({ templatesDir, env: { TEMPLATE_PREPARATION: "1", CHROMIUM_PATH: "/nowhere/chromium", ...env }, ...options });
const statesOf = (items: PreparationItem[]) =>
  Object.fromEntries(items.filter(({ kind }) => kind === "template").map(({ id, state }) => [id.replace("template-", ""), state]));
const states = async (app: ProjectsApp, user: { token: string }) => statesOf((await app.as(user).preparation.list()).items);
const waitFor = (check: () => Promise<unknown>) => vi.waitFor(check, { interval: 30 });

test("templates are prepared one at a time, the default one first, then the most used ones; a restart continues", async () => {
  const templates = await slowTemplates("usual", "alpha", "beta");
  const runtimeDir = temporaryFolder("runtime");
  const first = await open(templates.dir, { runtimeDir, env: { TEMPLATE_PREPARATION: "0" } });
  const user = await first.signUp();
  expect(await states(first, user)).toEqual({ usual: "off", alpha: "off", beta: "off" });
  templates.finish("beta");
  const { task_id } = await first.as(user).projects.create({ body: { name: "Used", base_id: "beta" } });
  expect(await ended(first, user, task_id)).toMatchObject({ status: "completed" });
  expect(await states(first, user)).toMatchObject({ usual: "off", beta: "ready" });
  const { database, dataDir } = first;
  // What was used most comes before what was not used, also when its image is gone.
  for (const { id } of await first.runtime.listImages()) await first.runtime.removeImage(id);
  await first.studio.close();

  const second = await open(templates.dir, { runtimeDir, database, dataDir });
  await waitFor(async () => expect(templates.started).toEqual(["beta", "usual"]));
  expect(await states(second, user)).toEqual({ usual: "preparing", alpha: "waiting", beta: "waiting" });
  const seen: Record<string, string>[] = [];
  const abort = new AbortController();
  const following = (async () => {
    for await (const { data } of second.as(user).preparation.events(undefined, { signal: abort.signal })) seen.push(statesOf(data));
  })().catch(() => undefined);
  await waitFor(async () => expect(seen).toHaveLength(1));
  templates.finish("usual");
  await waitFor(async () => expect(await states(second, user)).toEqual({ usual: "ready", alpha: "preparing", beta: "ready" }));
  await waitFor(async () => expect(templates.started).toEqual(["beta", "usual", "beta", "alpha"]));
  await waitFor(async () => expect(seen.at(-1)).toEqual({ usual: "ready", alpha: "preparing", beta: "ready" }));
  for (const moment of seen) expect(Object.values(moment).filter((state) => state === "preparing").length).toBeLessThan(2);
  abort.abort();
  await following;
  // In the middle of alpha.
  await second.studio.close();

  await using third = await open(templates.dir, { runtimeDir, database, dataDir });
  await waitFor(async () => expect(templates.started.slice(4)).toEqual(["alpha"]));
  templates.finish("alpha");
  await waitFor(async () => expect(await states(third, user)).toEqual({ usual: "ready", alpha: "ready", beta: "ready" }));
  expect(templates.started).toHaveLength(5);
  await emptyRuntime(runtimeDir).catch(() => undefined);
}, 90_000);

test("a project joins the preparation of its template, and goes before that of another one", async () => {
  const templates = await slowTemplates("usual", "alpha", "beta");
  await using app = await open(templates.dir);
  const user = await app.signUp();
  await waitFor(async () => expect(templates.started).toEqual(["usual"]));
  const joined = await app.as(user).projects.create({ body: { name: "Joined", base_id: "usual" } });
  const ahead = await app.as(user).projects.create({ body: { name: "Ahead", base_id: "beta" } });
  // Its turn had not come.
  await waitFor(async () => expect(templates.started).toEqual(["usual", "beta"]));
  expect(await states(app, user)).toEqual({ usual: "preparing", alpha: "waiting", beta: "preparing" });
  templates.finish("beta");
  expect(await ended(app, user, ahead.task_id)).toMatchObject({ status: "completed" });
  expect(await states(app, user)).toMatchObject({ usual: "preparing", beta: "ready" });
  templates.finish("usual");
  const task = await ended(app, user, joined.task_id);
  expect(task).toMatchObject({ status: "completed" });
  expect(task.logs.join("\n")).toContain("installing usual");
  templates.finish("alpha");
  await waitFor(async () => expect(await states(app, user)).toEqual({ usual: "ready", alpha: "ready", beta: "ready" }));
  // Each was installed once.
  expect(templates.started.toSorted()).toEqual(["alpha", "beta", "usual"]);
}, 60_000);

test("the next template is prepared a while after a project that waited for its own", async () => {
  const templates = await slowTemplates("usual", "alpha");
  const pauseMs = 500;
  await using app = await open(templates.dir, { configure: (config) => (config.runtime.preparationPauseMs = pauseMs) });
  const user = await app.signUp();
  await waitFor(async () => expect(templates.started).toEqual(["usual"]));
  const project = await app.as(user).projects.create({ body: { name: "Joined", base_id: "usual" } });
  // It waits for the build that is running.
  await waitFor(async () =>
    expect((await app.as(user).tasks.get({ params: { task_id: project.task_id } })).logs.join("\n")).toContain("installing usual"),
  );
  const begun = Date.now();
  templates.finish("usual", "alpha");
  expect(await ended(app, user, project.task_id)).toMatchObject({ status: "completed" });
  await vi.waitFor(async () => expect(templates.started).toEqual(["usual", "alpha"]), { timeout: 10_000, interval: 20 });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(pauseMs);
  await waitFor(async () => expect(await states(app, user)).toEqual({ usual: "ready", alpha: "ready" }));
}, 60_000);

test("a failure is shown with its last lines and retried; the next template does not wait for it", async () => {
  const templates = await slowTemplates("usual", "alpha");
  templates.fail("usual");
  templates.finish("alpha");
  await using app = await open(templates.dir, { configure: (config) => (config.runtime.preparationRetryMs = [500, 3_600_000]) });
  const admin = await app.signUp({ admin: true });
  const usual = async (): Promise<AdminPreparationItem | undefined> =>
    (await app.as(admin).adminPreparation.list()).items.find(({ id }) => id === "template-usual");
  await waitFor(async () => expect(await states(app, admin)).toEqual({ usual: "failed", alpha: "ready" }));
  // The second attempt failed too; the third is an hour away.
  await waitFor(async () => expect(templates.started).toEqual(["usual", "alpha", "usual"]));
  await waitFor(async () =>
    expect(await usual()).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/^usual: node -e/),
      log: expect.arrayContaining(["installing usual", "npm error network is unreachable"]),
      bytes: null,
    }),
  );
  expect(Date.parse((await usual())?.next_attempt_at ?? "") - Date.now()).toBeGreaterThan(3_000_000);
  templates.finish("usual");
  expect(await app.as(admin).adminPreparation.prepare({ params: { id: "template-usual" } })).toMatchObject({ state: "waiting" });
  await waitFor(async () =>
    expect(await usual()).toMatchObject({ state: "ready", error: null, log: [], next_attempt_at: null, bytes: expect.any(Number) }),
  );
}, 60_000);

test("an administrator prepares a template again and removes it for good; nobody else may", async () => {
  const templates = await slowTemplates("usual", "alpha");
  const runtimeDir = temporaryFolder("runtime");
  templates.finish("usual", "alpha");
  const first = await open(templates.dir, { runtimeDir });
  const admin = await first.signUp({ admin: true });
  const user = await first.signUp();
  await waitFor(async () => expect(await states(first, admin)).toEqual({ usual: "ready", alpha: "ready" }));
  await first.as(admin).adminPreparation.prepare({ params: { id: "template-alpha" } });
  await waitFor(async () => expect(templates.started).toEqual(["usual", "alpha", "alpha"]));
  await waitFor(async () => expect(await states(first, admin)).toEqual({ usual: "ready", alpha: "ready" }));
  expect(await first.as(admin).adminPreparation.remove({ params: { id: "template-alpha" } })).toMatchObject({
    state: "off",
    bytes: null,
    prepared_at: null,
  });
  expect((await first.runtime.listImages()).map(({ name }) => name)).toEqual(["usual"]);
  await expect(first.as(admin).adminPreparation.remove({ params: { id: "template-none" } })).rejects.toMatchObject({ status: 404 });
  for (const attempt of [
    () => first.as(user).adminPreparation.list(),
    () => first.as(user).adminPreparation.remove({ params: { id: "template-usual" } }),
    () => first.as(user).adminPreparation.prepare({ params: { id: "template-usual" } }),
  ])
    await expect(attempt()).rejects.toMatchObject({ status: 403 });
  expect((await first.as(admin).adminAudit.list()).items.map((row) => [row.action_type, row.target_name])).toEqual([
    ["server.preparation_removed", "Template alpha"],
    ["server.preparation_started", "Template alpha"],
  ]);
  const { database, dataDir } = first;
  await first.studio.close();

  await using second = await open(templates.dir, { runtimeDir, database, dataDir });
  expect(await states(second, user)).toEqual({ usual: "ready", alpha: "off" });
  // A project that needs it still gets it.
  const { task_id } = await second.as(user).projects.create({ body: { name: "Needed", base_id: "alpha" } });
  expect(await ended(second, user, task_id)).toMatchObject({ status: "completed" });
  expect(await states(second, user)).toEqual({ usual: "ready", alpha: "ready" });
  await emptyRuntime(runtimeDir).catch(() => undefined);
}, 60_000);
