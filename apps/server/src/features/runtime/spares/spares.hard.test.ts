import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Project } from "@tesslate/contract";
import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { clientsAt } from "../../../testing/address.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { asPage, ended, enterPreview, setUpProject, startedProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined && probe.can.freeze && probe.can.privateNetwork;
const hasPostgres = canRun && (await probe.findPrograms(["/opt/postgres/bin/postgres"])).length > 0;
await probe?.[Symbol.asyncDispose]();

const metricsToken = "metrics-token-of-the-tests-0123456789";
const on = { SPARE_PROJECTS: "1", TEMPLATE_PREPARATION: "1", CHROMIUM_PATH: "/nowhere/chromium", METRICS_TOKEN: metricsToken };
interface SparesApp extends TestApp {
  runtime: RuntimeDriver;
}
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function sparesApp({
  templatesDir,
  ...options
}: { env?: Record<string, string>; unusedMs?: number; watermarkPercent?: number; templatesDir?: string } = {}): Promise<SparesApp> {
  const runtime = await realRuntime();
  open.push(async () => runtime[Symbol.asyncDispose]());
  const app = await testApp({
    env: { ...on, ...options.env },
    swap: { runtime, templatesDir: templatesDir ?? (await tinyTemplates()) },
    configure: (config) => {
      config.runtime.idleFreezeMs = 0;
      config.runtime.idleStopMs = 0;
      config.runtime.spares = { pauseMs: 100, unusedMs: options.unusedMs ?? 60_000 };
      if (options.watermarkPercent !== undefined) config.runtime.memory = { watermarkPercent: options.watermarkPercent, everyMs: 50 };
    },
  });
  open.push(() => app.close());
  return Object.assign(app, { runtime });
}
const sandboxesOf = async (runtime: RuntimeDriver) =>
  (await runtime.list()).map(({ id, services }) => ({ id, states: services.map(({ state }) => state) }));
const readyIn = async (port: number): Promise<boolean> => {
  const response = await fetch(`http://localhost:${port}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  return (await response.text()).includes('studio_spare_projects{template="tiny"} 1');
};
/** The id of the spare project, once it is ready. */
async function spareOf(app: SparesApp, known: readonly string[] = []): Promise<string> {
  await vi.waitFor(async () => expect(await readyIn(app.port)).toBe(true), { timeout: 60_000, interval: 50 });
  const [spare, ...others] = (await sandboxesOf(app.runtime)).filter(({ id }) => !known.includes(id));
  expect(others).toEqual([]);
  expect(new Set(spare?.states)).toEqual(new Set(["frozen"]));
  return spare?.id ?? "";
}
const create = async (app: TestApp, user: TestUser, name: string): Promise<Project> => {
  const created = await app.as(user).projects.create({ body: { name } });
  expect(await ended(app, user, created.task_id)).toMatchObject({ status: "completed", error: null });
  return app.as(user).projects.get({ params: { id: created.id } });
};
const start = async (app: TestApp, user: TestUser, project: Project) =>
  expect(await ended(app, user, (await app.as(user).projects.start({ params: { id: project.id } })).task_id)).toMatchObject({
    status: "completed",
  });
interface Answer {
  boot: number;
  env: Record<string, string>;
}
const answerOf = async (app: TestApp, user: TestUser, project: Project): Promise<Answer> => {
  const visit = await enterPreview(app, user, project.id);
  return JSON.parse((await visit.fetch("/headers")).text) as Answer;
};
const containersOf = async (app: TestApp, user: TestUser, project: Project) =>
  Object.values((await app.as(user).projects.status({ params: { id: project.id } })).containers).map(({ status }) => status);

describe.skipIf(!canRun)("spare projects (need a sandbox that can freeze)", () => {
  test("nobody sees one; of two people who create at once one gets it, both get projects of their own", { timeout: 120_000 }, async () => {
    const app = await sparesApp();
    const [ada, bob, admin] = [await app.signUp(), await app.signUp(), await app.signUp({ admin: true })];
    const spare = await spareOf(app);
    for (const user of [ada, bob, admin]) {
      expect(await app.as(user).projects.list({})).toMatchObject({ total: 0 });
      await expect(app.as(user).projects.get({ params: { id: spare } })).rejects.toMatchObject({ status: 404 });
    }
    expect((await app.as(admin).adminProjects.list({})).items).toEqual([]);
    const begun = Date.now();

    const [first, second] = await Promise.all([create(app, ada, "Shop of Ada"), create(app, bob, "Shop of Bob")]);
    expect([first.id, second.id].filter((id) => id === spare)).toHaveLength(1);
    for (const [user, project, stranger] of [
      [ada, first, bob],
      [bob, second, ada],
    ] as const) {
      expect(project).toMatchObject({ owner_id: user.id, environment_status: "stopped", status: "stopped" });
      expect(await containersOf(app, user, project)).toEqual(["stopped"]);
      await start(app, user, project);
      expect(await app.as(user).projects.get({ params: { id: project.id } })).toMatchObject({ status: "running" });
      const { boot, env } = await answerOf(app, user, project);
      const { items } = await app.as(user).containers.list({ params: { id: project.id } });
      expect(env).toMatchObject({ PROJECT_ID: project.id, CONTAINER_NAME: items[0]?.container_name });
      expect(items[0]?.url).toContain(project.slug);
      expect(boot < begun).toBe(project.id === spare);
      await expect(app.as(stranger).projects.get({ params: { id: project.id } })).rejects.toMatchObject({ status: 404 });
      await expect(app.as(stranger).previews.ticket({ params: { id: project.id }, body: {} })).rejects.toMatchObject({ status: 404 });
    }
    // Replaced in the background.
    expect(await spareOf(app, [first.id, second.id])).not.toBe(spare);
    // The remaining containers run as in any other project.
    const adopted = first.id === spare ? first : second;
    const owner = first.id === spare ? ada : bob;
    await app.as(owner).projects.stop({ params: { id: adopted.id } });
    expect(await containersOf(app, owner, adopted)).toEqual(["stopped"]);
    const removed = await app.as(owner).projects.remove({ params: { id: adopted.id } });
    expect(await ended(app, owner, removed.task_id)).toMatchObject({ status: "completed" });
    expect((await sandboxesOf(app.runtime)).map(({ id }) => id)).not.toContain(adopted.id);
  });

  test("a program that read something that changed since is started again", { timeout: 120_000 }, async () => {
    const app = await sparesApp();
    const ada = await app.signUp();
    const spare = await spareOf(app);
    const begun = Date.now();
    const project = await create(app, ada, "Greeter");
    expect(project.id).toBe(spare);
    await app.as(ada).secrets.set({ params: { project_id: project.id }, body: { key: "GREETING", value: "good morning" } });
    await start(app, ada, project);
    const { boot, env } = await answerOf(app, ada, project);
    expect(env["GREETING"]).toBe("good morning");
    expect(boot).toBeGreaterThan(begun);
  });

  test(
    "a person's limits: one that is over them leaves it to the next, and it does not run before it is started",
    { timeout: 120_000 },
    async () => {
      const app = await sparesApp({ env: { TIER_MAX_PROJECTS_FREE: "2", TIER_MAX_RUNNING_FREE: "1" } });
      const [ada, bob] = [await app.signUp(), await app.signUp()];
      const other = await startedProject(app, ada, "Other");
      await create(app, ada, "Second");
      const known = (await app.as(ada).projects.list({})).items.map(({ id }) => id);
      const spare = await spareOf(app, known);
      await expect(app.as(ada).projects.create({ body: { name: "Third" } })).rejects.toMatchObject({ code: "project_limit_reached" });
      const project = await create(app, bob, "Mine");
      expect(project.id).toBe(spare);
      expect(await app.as(ada).projects.get({ params: { id: other.project.id } })).toMatchObject({ status: "running" });
      expect(await app.as(bob).projects.list({ query: { status: "running" } })).toMatchObject({ total: 0 });
      // A preview wakes it like any project that was never started.
      const visit = await enterPreview(app, bob, project.id);
      await vi.waitFor(async () => expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200 }), {
        timeout: 20_000,
        interval: 50,
      });
      await vi.waitFor(
        async () => expect(await app.as(bob).projects.get({ params: { id: project.id } })).toMatchObject({ environment_status: "active" }),
        { timeout: 20_000, interval: 50 },
      );
    },
  );

  test("a new project that is not started is stopped after a while, and can be started later", { timeout: 120_000 }, async () => {
    const app = await sparesApp({ unusedMs: 300 });
    const ada = await app.signUp();
    const spare = await spareOf(app);
    const begun = Date.now();
    const project = await create(app, ada, "Later");
    expect(project.id).toBe(spare);
    const statesOf = async () => (await sandboxesOf(app.runtime)).find(({ id }) => id === spare)?.states;
    await vi.waitFor(async () => expect(await statesOf()).toEqual(["stopped"]), { timeout: 20_000, interval: 50 });
    await start(app, ada, project);
    expect((await answerOf(app, ada, project)).boot).toBeGreaterThan(begun);
  });

  test("one container alone can be started, restarted and deleted with the project", { timeout: 120_000 }, async () => {
    const app = await sparesApp();
    const ada = await app.signUp();
    const spare = await spareOf(app);
    const { project, container } = await setUpProject(app, ada, "Single");
    expect(project.id).toBe(spare);
    const params = { id: project.id, container_id: container.id };
    expect(await ended(app, ada, (await app.as(ada).containers.start({ params })).task_id)).toMatchObject({ status: "completed" });
    expect(await containersOf(app, ada, project)).toEqual(["running"]);
    const next = await spareOf(app, [spare]);
    const unstarted = await create(app, ada, "Short-lived");
    expect(unstarted.id).toBe(next);
    const removed = await app.as(ada).projects.remove({ params: { id: next } });
    expect(await ended(app, ada, removed.task_id)).toMatchObject({ status: "completed" });
    expect((await sandboxesOf(app.runtime)).map(({ id }) => id)).not.toContain(next);
  });

  test("none is kept while memory is low, or when its image is removed", { timeout: 120_000 }, async () => {
    const low = await sparesApp({ watermarkPercent: 1 });
    const ada = await low.signUp();
    await setUpProject(low, ada, "Ordinary");
    await vi.waitFor(async () => expect(low.logs()).toContain("memory is low"), { timeout: 20_000, interval: 50 });
    expect(await sandboxesOf(low.runtime)).toHaveLength(1);

    const app = await sparesApp();
    const admin = await app.signUp({ admin: true });
    await spareOf(app);
    await app.as(admin).adminPreparation.remove({ params: { id: "template-tiny" } });
    await vi.waitFor(async () => expect(await sandboxesOf(app.runtime)).toEqual([]), { timeout: 20_000, interval: 50 });
    await app.as(admin).adminPreparation.prepare({ params: { id: "template-tiny" } });
    await spareOf(app);
    await app.close();
    open.splice(open.length - 1);
    expect(await sandboxesOf(app.runtime)).toEqual([]);
  });

  test("after kill -9 nothing of them is left, and a project that was not started yet is stopped", { timeout: 180_000 }, async () => {
    const runtimeDir = temporaryFolder("runtime");
    const openRuntime = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await openRuntime(), templatesDir }, dataDir: temporaryFolder("data") });
    const ada = await app.signUp();
    await app.studio.close();
    const api = clientsAt(app.port)(ada);
    const children: SpawnedStudio[] = [];
    open.push(async () => {
      for (const child of children) await child.kill();
      const runtime = await openRuntime();
      for (const { id } of await runtime.list()) await runtime.remove(id);
      await runtime.close();
    });
    const spawn = async (env: Record<string, string>) => {
      const child = await spawnStudio({ ...app, runtimeDir, templatesDir, env });
      children.push(child);
      return child;
    };
    const untilReady = () => vi.waitFor(async () => expect(await readyIn(app.port)).toBe(true), { timeout: 60_000, interval: 50 });
    const listed = async () => {
      const runtime = await openRuntime();
      const found = await sandboxesOf(runtime);
      await runtime.close({ leaveRunning: true });
      return found;
    };

    // While there is no project at all, unknown sandboxes are kept: these are known.
    const first = await spawn(on);
    await untilReady();
    await first.kill();
    const second = await spawn({ ...on, SPARE_PROJECTS: "0" });
    await second.kill();
    expect(await listed()).toEqual([]);

    const third = await spawn(on);
    await untilReady();
    const created = await api.projects.create({ body: { name: "Survivor" } });
    await ended({ as: clientsAt(app.port) }, ada, created.task_id);
    await third.kill();
    expect((await listed()).map(({ id }) => id)).toEqual([created.id]);
    const fourth = await spawn({ ...on, SPARE_PROJECTS: "0" });
    const params = { id: created.id };
    expect(await api.projects.get({ params })).toMatchObject({ environment_status: "stopped", status: "stopped" });
    expect(await ended({ as: clientsAt(app.port) }, ada, (await api.projects.start({ params })).task_id)).toMatchObject({
      status: "completed",
    });
    await fourth.kill();
  });
});

/** Says when it started, with what, and what it reaches. */
const program = `
import { createServer } from "node:http";
import { connect } from "node:net";
const { AUTH_SECRET, DATABASE_URL, API_URL, GREETING, PORT } = process.env;
const boot = Date.now();
console.log("the secret is " + AUTH_SECRET);
const isOpen = ({ port, hostname }) => new Promise((resolve) => {
  const socket = connect(port, hostname, () => { socket.destroy(); resolve(true); }).on("error", () => resolve(false));
});
createServer(async (_request, response) => {
  const api = API_URL && await fetch(API_URL).then((answer) => answer.json(), () => "unreachable");
  const hasDatabase = DATABASE_URL && await isOpen(new URL(DATABASE_URL));
  response.end(JSON.stringify({ boot, AUTH_SECRET, DATABASE_URL, GREETING, api, hasDatabase }));
}).listen(Number(PORT), "127.0.0.1");
`;
interface Facts {
  boot: number;
  AUTH_SECRET: string;
  DATABASE_URL?: string;
  GREETING?: string;
  hasDatabase?: boolean;
  api?: Facts;
}
/** The tiny template with an API and a database. */
async function stackTemplates(): Promise<string> {
  const dir = await tinyTemplates();
  const file = join(dir, "tiny/template.json");
  const { service, ...template } = JSON.parse(await readFile(file, "utf8")) as { service: object };
  await mkdir(join(dir, "tiny/files/api"));
  for (const path of ["server.mjs", "api/server.mjs"]) await writeFile(join(dir, "tiny/files", path), program);
  const stack = {
    ...template,
    service: { ...service, name: "Web" },
    containers: [
      { name: "API", directory: "api", command: ["node", "server.mjs"], port: 4801 },
      { name: "PostgreSQL", service: "postgres" },
    ],
    connections: [
      { from: "PostgreSQL", to: "API" },
      { from: "API", to: "Web" },
    ],
    secrets: ["AUTH_SECRET"],
  };
  await writeFile(file, JSON.stringify(stack));
  return dir;
}
const factsOf = async (app: TestApp, user: TestUser, project: Project): Promise<Facts> =>
  JSON.parse((await (await enterPreview(app, user, project.id)).fetch("/")).text) as Facts;
/** A new project that was the spare one, its containers by name, and the time before its creation. */
const adopted = async (app: SparesApp, user: TestUser, known: readonly string[] = []) => {
  const spare = await spareOf(app, known);
  const begun = Date.now();
  const project = await create(app, user, "Stack");
  expect(project.id).toBe(spare);
  const { items } = await app.as(user).containers.list({ params: { id: spare } });
  expect(items.map(({ name, directory, status }) => [name, directory, status])).toEqual([
    ["Web", ".", "stopped"],
    ["API", "api", "stopped"],
    ["PostgreSQL", "services/postgres", "stopped"],
  ]);
  const at = (name: string) => ({ id: spare, container_id: items.find((container) => container.name === name)?.id ?? "" });
  return { project, begun, at };
};
const databaseStartOf = async (app: TestApp, user: TestUser, { id, container_id }: { id: string; container_id: string }) => {
  const { results } = await app.as(user).databases.query({
    params: { id, database_id: container_id },
    body: { sql: "select extract(epoch from pg_postmaster_start_time()) * 1000" },
  });
  return Number(results[0]?.rows[0]?.cells[0]);
};

describe.skipIf(!hasPostgres)("spare projects of several containers (need a sandbox that can freeze, and PostgreSQL)", () => {
  test("become projects with all containers, connections and secrets, and nothing is started again", { timeout: 120_000 }, async () => {
    const app = await sparesApp({ templatesDir: await stackTemplates() });
    const [ada, bob] = [await app.signUp(), await app.signUp()];
    const first = await adopted(app, ada);
    const params = { id: first.project.id };
    const connections = (await app.as(ada).connections.list({ params })).items;
    expect(connections.map((one) => [one.source_container_id, one.target_container_id])).toEqual([
      [first.at("PostgreSQL").container_id, first.at("API").container_id],
      [first.at("API").container_id, first.at("Web").container_id],
    ]);
    expect((await app.as(ada).secrets.list({ params: { project_id: params.id } })).items.map(({ key }) => key)).toEqual(["AUTH_SECRET"]);

    await start(app, ada, first.project);
    expect(await containersOf(app, ada, first.project)).toEqual(["running", "running", "running"]);
    const facts = await factsOf(app, ada, first.project);
    expect(facts).toMatchObject({ AUTH_SECRET: expect.stringMatching(/.{20}/), api: { hasDatabase: true } });
    expect(facts.api?.AUTH_SECRET).toBe(facts.AUTH_SECRET);
    for (const boot of [facts.boot, facts.api?.boot, await databaseStartOf(app, ada, first.at("PostgreSQL"))])
      expect(boot).toBeLessThan(first.begun);
    // What the program wrote before the project had an owner is redacted for its owner.
    const logs = app.as(ada).containers.logs({ params: first.at("API"), query: { tail: 10 } });
    const lines: string[] = [];
    for await (const { data } of logs) {
      lines.push(data.line);
      if (data.line.startsWith("the secret is")) break;
    }
    expect(lines.at(-1)).toBe("the secret is [secret:AUTH_SECRET]");

    // Those of the next one are others.
    const second = await adopted(app, bob, [first.project.id]);
    await start(app, bob, second.project);
    const others = await factsOf(app, bob, second.project);
    expect(others.AUTH_SECRET).not.toBe(facts.AUTH_SECRET);
    expect(others.api?.DATABASE_URL).not.toBe(facts.api?.DATABASE_URL);

    await app.as(ada).projects.stop({ params });
    const removed = await app.as(ada).projects.remove({ params });
    expect(await ended(app, ada, removed.task_id)).toMatchObject({ status: "completed" });
    expect((await sandboxesOf(app.runtime)).map(({ id }) => id)).not.toContain(params.id);
  });

  test("what was changed before the first start is started again, and nothing else", { timeout: 120_000 }, async () => {
    const app = await sparesApp({ templatesDir: await stackTemplates() });
    const ada = await app.signUp();
    const changed = await adopted(app, ada);
    await app.as(ada).containers.update({ params: changed.at("API"), body: { env_vars_to_set: { GREETING: "good morning" } } });
    await start(app, ada, changed.project);
    const facts = await factsOf(app, ada, changed.project);
    expect(facts).toMatchObject({ api: { GREETING: "good morning", hasDatabase: true } });
    expect(facts.boot).toBeLessThan(changed.begun);
    expect(facts.api?.boot).toBeGreaterThan(changed.begun);
    expect(await databaseStartOf(app, ada, changed.at("PostgreSQL"))).toBeLessThan(changed.begun);

    // The removal of one stops the others, and all of them start as in any other project.
    const smaller = await adopted(app, ada, [changed.project.id]);
    await app.as(ada).containers.remove({ params: smaller.at("API") });
    await start(app, ada, smaller.project);
    const alone = await factsOf(app, ada, smaller.project);
    expect(alone.api).toBeUndefined();
    expect(alone.boot).toBeGreaterThan(smaller.begun);
    expect(await databaseStartOf(app, ada, smaller.at("PostgreSQL"))).toBeGreaterThan(smaller.begun);
    const left = (await sandboxesOf(app.runtime)).find(({ id }) => id === smaller.project.id);
    expect(left?.states.filter((state) => state === "running")).toHaveLength(2);
  });

  test("nothing of one that is discarded is left", { timeout: 120_000 }, async () => {
    const app = await sparesApp({ templatesDir: await stackTemplates() });
    const admin = await app.signUp({ admin: true });
    const spare = await spareOf(app);
    const sandbox = await app.runtime.find(spare);
    expect((await sandbox?.programs())?.filter((name) => name === "postgres").length).toBeGreaterThan(0);
    await app.as(admin).adminPreparation.remove({ params: { id: "template-tiny" } });
    await vi.waitFor(async () => expect(await sandboxesOf(app.runtime)).toEqual([]), { timeout: 20_000, interval: 50 });
    expect(await app.runtime.histories()).toEqual([]);
    const running = await Promise.all(
      (await readdir("/proc")).filter((pid) => /^\d+$/.test(pid)).map((pid) => readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")),
    );
    expect(running.filter((environment) => environment.includes(spare))).toEqual([]);
  });
});
