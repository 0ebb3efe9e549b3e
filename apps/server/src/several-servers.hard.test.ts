import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { call, freePort, say, script } from "@tesslate/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startBalancedLoad } from "./testing/balanced-load.ts";
import { all, collect, find } from "./testing/chat.ts";
import { openInstallation, type Installation } from "./testing/installation.ts";
import { startRunnerProcess } from "./testing/runner-process.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { terminalClient } from "./testing/shell.ts";
import { temporaryFolder } from "./testing/temporary.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!canRun)("several servers on one database and one runner (needs a sandbox)", () => {
  const base = temporaryFolder("several");
  let runner: ChildProcess;
  let installation: Installation;
  const at = (name: string) => installation.at(name);

  beforeAll(async () => {
    const tokenFile = join(base, "runner-token");
    const port = await freePort();
    await mkdir(join(base, "runner"), { recursive: true });
    await writeFile(tokenFile, `${"0123456789abcdef".repeat(2)}\n`, { mode: 0o600 });
    runner = (await startRunnerProcess({ dataDir: join(base, "runner"), port, tokenFile })).child;
    installation = await openInstallation({
      names: ["a", "b", "c"],
      folder: base,
      env: {
        RUNTIME_DRIVER: "remote",
        RUNNER_URL: `http://127.0.0.1:${port}`,
        RUNNER_TOKEN_FILE: tokenFile,
        ...(process.env["SEVERAL_LOG"] && { LOG_LEVEL: process.env["SEVERAL_LOG"] }),
      },
    });
  }, 240_000);
  afterAll(async () => {
    await installation[Symbol.asyncDispose]();
    if (runner.exitCode === null) {
      const exited = once(runner, "exit");
      runner.kill("SIGKILL");
      await exited;
    }
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
  });

  test(
    "a run is started at one, watched at another and cancelled at a third; files, terminal and preview are the same at each",
    { timeout: 240_000 },
    async () => {
      const user = await installation.signUp();
      const project_id = await installation.startedProject(user, "a");
      const params = { id: project_id };
      const boots = await Promise.all(["a", "b", "c"].map((name) => installation.bootAt(name, user, project_id)));
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

      installation.model.setScript(script([call("run_command", { command: "sleep 60" }), say("Never.")]));
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
    const user = await installation.signUp();
    const project_id = await installation.startedProject(user, "b");
    const owner = (await installation.ownerOf(project_id)) ?? "";
    const [other = ""] = [...installation.servers.keys()].filter((name) => name !== owner);
    const boot = await installation.bootAt(other, user, project_id);
    const { id } = await at(other).as(user).shell.create({ body: { project_id } });
    const terminal = await terminalClient(at(other), user, id);
    terminal.type("kept=$((40 + 2)); echo ready$kept\r");
    await terminal.waitFor(/ready42/);

    installation.model.setScript(
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
    expect(await installation.bootAt(other, user, project_id)).toBe(boot);
    expect(await installation.ownerOf(project_id)).not.toBe(owner);
    process.stdout.write(`kill -9: run continued after ${runMs} ms, terminal used again after ${terminalMs} ms\n`);
    expect(runMs).toBeLessThan(10_000);
    await installation.start(owner);
  });

  test("a rolling restart under load fails no request, and a run continues", { timeout: 400_000 }, async () => {
    const user = await installation.signUp();
    const project_id = await installation.startedProject(user, "c");
    const boot = await installation.bootAt("a", user, project_id);
    installation.model.setScript(
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

    const load = startBalancedLoad({
      ports: () => new Map([...installation.servers].map(([name, { port }]) => [name, port])),
      token: user.token,
      projectId: project_id,
    });
    await installation.rollingRestart(["a", "b", "c"], load);
    const { requests, failures, slowestMs } = await load.stop();
    process.stdout.write(`rolling restart: ${requests} requests, ${failures.length} failed, slowest ${slowestMs} ms\n`);
    expect(failures).toEqual([]);
    expect(await installation.bootAt("b", user, project_id)).toBe(boot);

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
