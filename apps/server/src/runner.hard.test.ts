import { execFile, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { freePort } from "@tesslate/testkit";
import { afterAll, describe, expect, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { asPage, ended, enterPreview, startShop } from "./testing/projects.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { terminalClient } from "./testing/shell.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { startRunnerProcess } from "./testing/runner-process.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!canRun)("a server whose projects run on a runner (needs a sandbox)", () => {
  const base = temporaryFolder("installations");
  const servers: SpawnedStudio[] = [];
  const runners: ChildProcess[] = [];
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  afterAll(async () => {
    for (const server of servers) await server.kill();
    for (const runner of runners) await end(runner, "SIGKILL");
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
  });

  test("creates, runs, shows and keeps them, also when either of the two is killed", { timeout: 240_000 }, async () => {
    const templatesDir = await tinyTemplates();
    const tokenFile = join(base, "runner-token");
    await mkdir(join(base, "runner"), { recursive: true });
    await writeFile(tokenFile, `${"0123456789abcdef".repeat(2)}\n`, { mode: 0o600 });
    const runnerPort = await freePort();
    const startRunner = async () => {
      const runner = await startRunnerProcess({ dataDir: join(base, "runner"), port: runnerPort, tokenFile });
      runners.push(runner.child);
      return runner;
    };
    const statusOfRunner = async () =>
      promisify(execFile)(process.execPath, [join(import.meta.dirname, "../../../scripts/status.ts"), "--data-dir", join(base, "runner")], {
        env: { PATH: process.env["PATH"] ?? "" },
      }).then(
        ({ stdout }) => stdout,
        ({ stdout }: { stdout: string }) => stdout,
      );
    const studio = { port: await freePort(), dataDir: join(base, "server") };
    const as = clientsAt(studio.port);
    const at = { ...studio, as };
    const startServer = async () => {
      const server = await spawnStudio({
        ...studio,
        templatesDir,
        env: { RUNTIME_DRIVER: "remote", RUNNER_URL: `http://127.0.0.1:${runnerPort}`, RUNNER_TOKEN_FILE: tokenFile },
      });
      servers.push(server);
      return server;
    };

    const runner = await startRunner();
    expect(runner.output()).toMatch(
      /Tesslate Studio runner \S+ is running at http:\/\/127\.0\.0\.1:\d+\n {2}Project code runs in: \w+, isolation \S+/,
    );
    const first = await startServer();
    const { signIn, created, params } = await startShop(at);
    let ada = await signIn();
    const bootOf = async () => {
      const visit = await enterPreview(at, ada, created.id);
      expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
      return (JSON.parse((await visit.fetch("/headers")).text) as { boot: number }).boot;
    };
    const boot = await bootOf();
    // Everything of the project is on the runner's disk.
    expect(existsSync(join(base, "runner/runtime/sandboxes", created.id, "files/note.txt"))).toBe(true);
    expect(existsSync(join(base, "server/runtime"))).toBe(false);

    const openTerminal = async () => {
      const { id } = await as(ada).shell.create({ body: { project_id: created.id } });
      return terminalClient(studio, ada, id);
    };
    const terminal = await openTerminal();
    terminal.type("cat note.txt; echo $((40 + 2))\r");
    await terminal.waitFor(/from the server42/);

    await first.kill();
    await startServer();
    ada = await signIn();
    expect(await bootOf()).toBe(boot);
    const next = await openTerminal();
    next.type("cat note.txt; echo $((40 + 3))\r");
    await next.waitFor(/from the server43/);

    // The server stays up without its runner, says what is missing, and continues when it is back.
    expect(await statusOfRunner()).toMatch(/^This is the data folder of a runner\. The runner is running\.\n/);
    const visit = await enterPreview(at, ada, created.id);
    await end(runner.child, "SIGKILL");
    expect(await statusOfRunner()).toMatch(/^This is the data folder of a runner\. The runner is not running\.\n/);
    expect(await as(ada).projects.get({ params })).toMatchObject({ name: "Shop" });
    expect(await visit.fetch("/", { headers: asPage })).toMatchObject({
      status: 503,
      text: expect.stringContaining("Projects cannot be reached at the moment"),
    });
    await startRunner();
    await vi.waitFor(async () => expect(await bootOf()).toBe(boot), { timeout: 30_000, interval: 200 });
    expect(await as(ada).files.get({ params: { ...params, path: "note.txt" } })).toMatchObject({ content: "from the server" });

    const removed = await as(ada).projects.remove({ params });
    expect(await ended(at, ada, removed.task_id)).toMatchObject({ status: "completed" });
    expect(existsSync(join(base, "runner/runtime/sandboxes", created.id))).toBe(false);
  });
});
