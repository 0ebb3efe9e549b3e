import { type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { call, freePort, say, script, startModelServer, startS3Server, type ModelServer, type S3Server } from "@tesslate/testkit";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { all, collect, find, modelEnv } from "./testing/chat.ts";
import { onServer, testConnection } from "./testing/postgres.ts";
import { asPage, ended, enterPreview } from "./testing/projects.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { terminalClient } from "./testing/shell.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { startRunnerProcess } from "./testing/runner-process.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

const keys = { bucket: "studio", accessKeyId: "key", secretAccessKey: "secret" };

/** A server of the installation. */
interface Server {
  port: number;
  as: ReturnType<typeof clientsAt>;
  studio: SpawnedStudio;
}

describe.skipIf(!canRun)("several servers on one database and one runner (needs a sandbox)", () => {
  const base = temporaryFolder("several");
  const servers = new Map<string, Server>();
  let database: string;
  let databaseUrl: string;
  let pool: pg.Pool;
  let query: (sql: string, values?: unknown[]) => Promise<pg.QueryResult>;
  let model: ModelServer;
  let objects: S3Server;
  let runner: ChildProcess;
  let runnerPort: number;
  let templatesDir: string;
  let appPort: number;
  const tokenFile = join(base, "runner-token");

  const start = async (name: string): Promise<Server> => {
    const port = servers.get(name)?.port ?? (await freePort());
    const studio = await spawnStudio({
      port,
      dataDir: join(base, name),
      templatesDir,
      env: {
        DATABASE_URL: databaseUrl,
        SERVER_ADDRESS: `http://127.0.0.1:${port}`,
        APP_BASE_URL: `http://localhost:${appPort}`,
        RUNTIME_DRIVER: "remote",
        RUNNER_URL: `http://127.0.0.1:${runnerPort}`,
        RUNNER_TOKEN_FILE: tokenFile,
        OBJECTS_S3_ENDPOINT: objects.endpoint,
        OBJECTS_S3_BUCKET: keys.bucket,
        OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
        OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
        OUTBOUND_ALLOW_HOSTS: new URL(objects.endpoint).host,
        AGENT_CHAT_TITLES: "0",
        DRAIN_SECONDS: "2",
        TIER_MAX_PROJECTS_FREE: "1000",
        ...(process.env["SEVERAL_LOG"] && { LOG_LEVEL: process.env["SEVERAL_LOG"] }),
        ...modelEnv(model),
      },
    });
    const server = { port, studio, as: clientsAt(port) };
    servers.set(name, server);
    return server;
  };
  const at = (name: string): Server => {
    const server = servers.get(name);
    if (!server) throw new Error(`there is no server ${name}`);
    return server;
  };
  const ownerOf = async (projectId: string): Promise<string | undefined> => {
    const { rows } = await query("select s.address from project_owners o join servers s on s.id = o.server_id where o.project_id = $1", [
      projectId,
    ]);
    const address = (rows[0] as { address: string } | undefined)?.address;
    return [...servers].find(([, { port }]) => address === `http://127.0.0.1:${port}`)?.[0];
  };

  beforeAll(async () => {
    const { server, template, prefix } = inject("postgres");
    database = `${prefix}_${randomBytes(5).toString("hex")}`;
    await onServer(server, (client) => client.query(`create database ${database} template ${template} strategy file_copy`));
    databaseUrl =
      "url" in server
        ? Object.assign(new URL(server.url), { pathname: `/${database}` }).href
        : `postgres://tesslate@localhost/${database}?host=${encodeURIComponent(server.socketDir)}`;
    pool = new pg.Pool({ ...testConnection(server, database), max: 2 });
    query = (sql, values) => pool.query(sql, values);
    appPort = await freePort();
    runnerPort = await freePort();
    templatesDir = await tinyTemplates();
    model = await startModelServer({ tokenDelayMs: 5 });
    objects = await startS3Server(keys);
    await mkdir(join(base, "runner"), { recursive: true });
    await writeFile(tokenFile, `${"0123456789abcdef".repeat(2)}\n`, { mode: 0o600 });
    runner = (await startRunnerProcess({ dataDir: join(base, "runner"), port: runnerPort, tokenFile })).child;
    await Promise.all(["a", "b", "c"].map(start));
  }, 240_000);
  afterAll(async () => {
    for (const { studio } of servers.values()) await studio.kill();
    if (runner.exitCode === null) {
      const exited = once(runner, "exit");
      runner.kill("SIGKILL");
      await exited;
    }
    await pool.end();
    await model.close();
    await objects[Symbol.asyncDispose]();
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
    await onServer(inject("postgres").server, (client) => client.query(`drop database if exists ${database} with (force)`));
  });

  const signUp = async () => {
    const person = { email: `${randomBytes(4).toString("hex")}@example.com`, password: "correct horse battery" };
    await at("a")
      .as()
      .auth.register({ body: { ...person, name: "Ada" } });
    return { token: (await at("b").as().auth.login({ body: person })).access_token ?? "" };
  };
  const startedProject = async (user: { token: string }, through: Server) => {
    const created = await through.as(user).projects.create({ body: { name: "Shop" } });
    expect(await ended(through, user, created.task_id)).toMatchObject({ status: "completed", error: null });
    const { task_id } = await through.as(user).projects.start({ params: { id: created.id } });
    if (task_id) expect(await ended(through, user, task_id)).toMatchObject({ status: "completed", error: null });
    return created.id;
  };
  const bootAt = async (server: Server, user: { token: string }, projectId: string): Promise<number> => {
    const visit = await enterPreview(server, user, projectId);
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    return (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
  };

  test(
    "a run is started at one, watched at another and cancelled at a third; files, terminal and preview are the same at each",
    { timeout: 240_000 },
    async () => {
      const user = await signUp();
      const project_id = await startedProject(user, at("a"));
      const params = { id: project_id };
      const boots = await Promise.all(["a", "b", "c"].map((name) => bootAt(at(name), user, project_id)));
      expect(new Set(boots).size).toBe(1);
      await at("b")
        .as(user)
        .files.put({ params: { ...params, path: "note.txt" }, body: { content: "written at b" } });
      for (const name of ["a", "c"])
        expect(
          await at(name)
            .as(user)
            .files.get({ params: { ...params, path: "note.txt" } }),
        ).toMatchObject({ content: "written at b" });
      const { id } = await at("c").as(user).shell.create({ body: { project_id } });
      for (const name of ["a", "b"]) {
        const terminal = await terminalClient(at(name), user, id);
        terminal.type(`cat note.txt; echo $((40 + 2))${name}\r`);
        await terminal.waitFor(new RegExp(`written at b42${name}`));
        terminal.close();
      }

      model.setScript(script([call("run_command", { command: "sleep 60" }), say("Never.")]));
      const { id: chat_id } = await at("a")
        .as(user)
        .chat.createSession({ body: { project_id, title: "Run" } });
      const stream = collect(
        at("a")
          .as(user)
          .chat.stream({ body: { project_id, chat_id, message: "Go", edit_mode: "allow" } }),
      );
      const { task_id } = await stream.until("tool_started");
      const watched = collect(at("b").as(user).chat.runEvents({ params: { task_id } }));
      await watched.until("tool_started");
      expect(await at("c").as(user).chat.cancel({ body: { task_id } })).toMatchObject({ status: "cancellation_requested" });
      expect(find(await watched.ended, "complete")?.data.completion_reason).toBe("cancelled");
      expect(await stream.ended).toEqual(await watched.ended);
    },
  );

  test("kill -9 of the owner: its run continues at another within 10 s, its terminal and preview go on", { timeout: 240_000 }, async () => {
    const user = await signUp();
    const project_id = await startedProject(user, at("b"));
    const owner = (await ownerOf(project_id)) ?? "";
    const [other = ""] = [...servers.keys()].filter((name) => name !== owner);
    const boot = await bootAt(at(other), user, project_id);
    const { id } = await at(other).as(user).shell.create({ body: { project_id } });
    const terminal = await terminalClient(at(other), user, id);
    terminal.type("kept=$((40 + 2)); echo ready$kept\r");
    await terminal.waitFor(/ready42/);

    model.setScript(
      script([call("run_command", { command: "sleep 2; echo one" }), call("run_command", { command: "echo two > two.txt" }), say("Done.")]),
    );
    const { id: chat_id } = await at(other)
      .as(user)
      .chat.createSession({ body: { project_id, title: "Run" } });
    const stream = collect(
      at(other)
        .as(user)
        .chat.stream({ body: { project_id, chat_id, message: "Go", edit_mode: "allow" } }),
    );
    const { task_id } = await stream.until("tool_started");
    const killed = Date.now();
    await at(owner).studio.kill();

    const events = await stream.ended;
    expect(find(events, "complete")?.data.completion_reason).toBe("interrupted");
    const next = await vi.waitFor(
      async () => {
        const { active_task, messages } = await at(other).as(user).chat.get({ params: { chat_id } });
        const resumed = active_task?.task_id ?? (messages.at(-1)?.message_metadata?.["task_id"] as string | undefined);
        expect(resumed).not.toBe(task_id);
        return resumed ?? "";
      },
      { timeout: 20_000, interval: 100 },
    );
    const resumed = collect(
      at(other)
        .as(user)
        .chat.runEvents({ params: { task_id: next } }),
    );
    await resumed.until("task_started");
    const runMs = Date.now() - killed;
    expect(find(await resumed.ended, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
    expect(
      await at(other)
        .as(user)
        .files.get({ params: { id: project_id, path: "two.txt" } }),
    ).toMatchObject({ content: "two\n" });

    const again = await terminalClient(at(other), user, id);
    again.type("echo still$kept\r");
    await again.waitFor(/still42/);
    const terminalMs = Date.now() - killed;
    expect(await bootAt(at(other), user, project_id)).toBe(boot);
    expect(await ownerOf(project_id)).not.toBe(owner);
    process.stdout.write(`kill -9: run continued after ${runMs} ms, terminal used again after ${terminalMs} ms\n`);
    expect(runMs).toBeLessThan(10_000);
    await start(owner);
  });

  test("a rolling restart under load fails no request, and a run continues", { timeout: 400_000 }, async () => {
    const user = await signUp();
    const project_id = await startedProject(user, at("c"));
    const boot = await bootAt(at("a"), user, project_id);
    model.setScript(
      script([...Array.from({ length: 40 }, (_, i) => call("run_command", { command: `sleep 1; echo ${i} >> steps.txt` })), say("Done.")]),
    );
    const { id: chat_id } = await at("a")
      .as(user)
      .chat.createSession({ body: { project_id, title: "Run" } });
    const first = collect(
      at("a")
        .as(user)
        .chat.stream({ body: { project_id, chat_id, message: "Go", edit_mode: "allow" } }),
    );
    await first.until("tool_started");

    // As a load balancer does: asks every server twice a second whether it is ready.
    const ready = new Set(servers.keys());
    const load = { stop: false, requests: 0, failures: [] as string[], slowest: 0 };
    const checks = (async () => {
      while (!load.stop) {
        for (const [name, { port }] of servers)
          await fetch(`http://127.0.0.1:${port}/ready`, { headers: { host: "localhost" }, signal: AbortSignal.timeout(1_000) }).then(
            ({ ok }) => void (ok ? ready.add(name) : ready.delete(name)),
            () => void ready.delete(name),
          );
        await sleep(250);
      }
    })();
    const work = async (worker: number) => {
      for (let i = 0; !load.stop; i++) {
        const names = [...ready];
        const name = names[(i + worker) % names.length] ?? "a";
        const { port } = at(name);
        const headers = { authorization: `Bearer ${user.token}`, "content-type": "application/json" };
        const path = `w${worker}.txt`;
        const url = `http://localhost:${port}/api/projects/${project_id}/files/${path}`;
        const started = Date.now();
        const kind = i % 3;
        const request =
          kind === 0
            ? fetch(url, { method: "PUT", headers, body: JSON.stringify({ content: String(i) }) })
            : kind === 1
              ? fetch(url, { headers })
              : fetch(`http://localhost:${port}/api/projects/${project_id}`, { headers });
        await request.then(
          async (response) => {
            const text = await response.text();
            if (!response.ok) load.failures.push(`${kind} at ${name}: ${response.status} ${text.slice(0, 200)}`);
          },
          (error: Error) => void load.failures.push(`${kind} at ${name}: ${String(error.cause ?? error)}`),
        );
        load.requests += 1;
        load.slowest = Math.max(load.slowest, Date.now() - started);
        await sleep(20);
      }
    };
    const workers = Array.from({ length: 6 }, (_, i) => work(i));
    for (const name of ["a", "b", "c"]) {
      const { child } = at(name).studio;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
      await start(name);
      await vi.waitFor(() => expect(ready.has(name)).toBe(true), { timeout: 30_000 });
    }
    load.stop = true;
    await Promise.all([...workers, checks]);
    process.stdout.write(`rolling restart: ${load.requests} requests, ${load.failures.length} failed, slowest ${load.slowest} ms\n`);
    expect(load.failures).toEqual([]);
    expect(await bootAt(at("b"), user, project_id)).toBe(boot);

    const done = await vi.waitFor(
      async () => {
        const { messages, active_task } = await at("b").as(user).chat.get({ params: { chat_id } });
        expect(active_task).toBeNull();
        return messages;
      },
      { timeout: 180_000, interval: 1_000 },
    );
    expect(done.at(-1)).toMatchObject({ content: "Done." });
    const { content } = await at("c")
      .as(user)
      .files.get({ params: { id: project_id, path: "steps.txt" } });
    const steps = (content ?? "").trim().split("\n");
    process.stdout.write(`rolling restart: ${steps.length} steps ran, ${new Set(steps).size} different\n`);
    expect(new Set(steps).size).toBe(40);
    // The stream ended when its server drained, and another one has the rest.
    const seen = await first.ended;
    const stored = await all(
      at("b")
        .as(user)
        .chat.runEvents({ params: { task_id: seen[0]?.task_id ?? "" } }),
    );
    expect(stored.slice(0, seen.length)).toEqual(seen);
    expect(find(stored, "complete")?.data.completion_reason).toBe("interrupted");
  });
});
