import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { createRunner, type Runner } from "@tesslate/runtime/runner";
import { startS3Server } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { eventually } from "../../../testing/chat.ts";
import { version } from "../../../version.ts";
import { severalServersEnv, sharedBucket, sharedRunnerToken as token } from "../../../testing/several-servers.ts";

let memory: RuntimeDriver;
let runner: Runner;
let objects: Awaited<ReturnType<typeof startS3Server>>;
let app: TestApp;
let admin: TestUser;
beforeAll(async () => {
  memory = await createRuntime({ driver: "memory", dataDir: "/nowhere" });
  runner = await startRunner({ host: "127.0.0.1", port: 0 });
  objects = await startS3Server(sharedBucket);
  app = await testApp({
    env: {
      ...severalServersEnv(objects, runner.url),
    },
    configure: (config) => {
      config.servers.address = `http://127.0.0.1:${config.http.port}`;
      // Nothing is given up while the tests look at it.
      config.servers.leaseMs = 60_000;
    },
    hasConfiguredRuntime: true,
  });
  admin = await app.signUp({ admin: true });
}, 60_000);
afterAll(async () => {
  await app?.close();
  await runner?.close();
  await memory?.close();
  await objects?.[Symbol.asyncDispose]();
});
const startRunner = (listen: { host: string; port: number }) =>
  createRunner({
    driver: memory,
    token,
    listen,
    version: "9.9.9",
    revision: "c".repeat(40),
    readMachine: async () => ({ memoryUsedBytes: 5, memoryTotalBytes: 10, diskFreeBytes: 3, diskTotalBytes: 8 }),
    timing: { drainMs: 50 },
  });
const metrics = async () => (await app.request("/metrics", { user: admin })).text();
const get = () => app.as(admin).adminServers.get();

test("one server that runs projects itself is listed with its load; nobody else is asked", async () => {
  await using sole = await testApp({ ownServer: true });
  const root = await sole.signUp({ admin: true });
  const { servers, runners, pods, problems } = await sole.as(root).adminServers.get();
  expect([runners, pods, problems]).toEqual([[], [], []]);
  expect(servers).toMatchObject([
    { address: null, is_this_server: true, state: "serving", version, pid: process.pid, projects: null, runs: 0, streams: 0 },
  ]);
  expect(servers[0]?.memory_bytes).toBeGreaterThan(10_000_000);
  expect(servers[0]?.memory_total_bytes).toBeGreaterThan(servers[0]?.memory_bytes ?? Infinity);
  expect(servers[0]?.revision).toMatch(/^[0-9a-f]{40}$/);
  expect(Math.abs(servers[0]?.clock_offset_ms ?? Infinity)).toBeLessThan(1_000);
});

test("several servers: owners, runs, states and versions from their rows; a report that is not understood is left out", async () => {
  const { pool } = app.studio.database;
  const owned = await app.as(admin).projects.create({ body: { name: "Shop" } });
  await eventually(async () => (await get()).servers[0]?.projects === 1);
  const insert = async (address: string, of: string, lease: string, more = "null") => {
    const { rows } = await pool.query<{ id: string }>(
      `insert into servers (process_id, address, version, lease_until, steady_since, accepts_projects, started_at, ended_at)
        values (0, $1, $2, now() + $3::interval, now(), true, now() - interval '3 hours', ${more}) returning id`,
      [address, of, lease],
    );
    return rows[0]?.id ?? "";
  };
  const late = await insert("http://10.0.0.2:8000", "0.1.0", "25 seconds");
  await insert("http://10.0.0.3:8000", version, "-1 minute", "now() - interval '5 minutes'");
  await insert("http://10.0.0.4:8000", version, "-3 hours", "now() - interval '2 hours'");
  await pool.query('insert into server_reports (server_id, report) values ($1, \'{"of": "another version"}\')', [late]);
  const { servers, problems } = await get();
  expect(servers).toMatchObject([
    { address: "http://10.0.0.2:8000", state: "late", version: "0.1.0", projects: 0, memory_bytes: null, measured_at: null },
    { address: "http://10.0.0.3:8000", state: "lost" },
    { address: app.config.servers.address, state: "serving", is_this_server: true, projects: 1, version },
  ]);
  expect(Date.now() - Date.parse(servers[2]?.heartbeat_at ?? "")).toBeLessThan(30_000);
  expect(problems.map(({ kind }) => kind)).toEqual(["lost", "heartbeat", "versions", "runner_version"]);
  await pool.query("delete from servers where address like 'http://10.%'");
  await app.as(admin).projects.remove({ params: { id: owned.id } });
});

test("a runner: version, protocol, machine and sandboxes; while it is away since when and why; then its next start", async () => {
  await eventually(async () => typeof (await get()).runners[0]?.started_at === "string");
  const [first] = (await get()).runners;
  expect(first).toMatchObject({
    address: runner.url,
    version: "9.9.9",
    revision: "c".repeat(40),
    protocol: expect.stringMatching(/^1\.\d+$/),
    driver: "memory",
    is_reachable: true,
    reached_by: 1,
    missed_by: 0,
    memory_used_bytes: 5,
    memory_total_bytes: 10,
    disk_free_bytes: 3,
    disk_total_bytes: 8,
  });
  const text = await metrics();
  expect(text).toMatch(/^studio_runner_up\{driver="memory"\} 1$/m);
  expect(text).toMatch(/^studio_runner_info\{version="9\.9\.9",protocol="1\.\d+"\} 1$/m);
  expect(text).toMatch(/^studio_runner_disk_free_bytes 3$/m);
  expect(text).toMatch(/^studio_runner_disk_size_bytes 8$/m);
  const sent: string[] = [];
  const leave = new AbortController();
  const watching = (async () => {
    for await (const { data } of app.as(admin).adminServers.events(undefined, { signal: leave.signal }))
      sent.push(data.problems.map(({ kind }) => kind).join());
  })();
  const { port } = new URL(runner.url);
  await runner.close();
  await eventually(async () => (await get()).runners[0]?.is_reachable === false, 15_000);
  const away = await metrics();
  expect(away).toMatch(/^studio_runner_up\{driver="memory"\} 0$/m);
  expect(away).not.toMatch(/^studio_runner_disk_/m);
  const { runners, problems } = await get();
  expect(runners).toMatchObject([
    {
      missed_by: 1,
      started_at: null,
      disk_free_bytes: null,
      version: "9.9.9",
      last_error: { message: expect.stringContaining(runner.url) },
    },
  ]);
  expect(problems.map(({ kind }) => kind)).toContain("runner_unreachable");
  runner = await startRunner({ host: "127.0.0.1", port: Number(port) });
  await eventually(async () => (await get()).runners[0]?.is_reachable === true, 15_000);
  leave.abort();
  await watching.catch(() => undefined);
  expect(sent.length).toBeGreaterThan(0);
});
