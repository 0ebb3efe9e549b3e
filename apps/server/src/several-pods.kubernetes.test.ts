import { rm } from "node:fs/promises";
import { call, say, script } from "@tesslate/testkit";
import { kubectl, optionsFor, removeNamespaces, unavailableHere } from "@tesslate/runtime/testing/kubernetes";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startBalancedLoad } from "./testing/balanced-load.ts";
import { collect, find } from "./testing/chat.ts";
import { openInstallation, type Installation } from "./testing/installation.ts";
import { podSettings } from "./testing/pods.ts";
import { ended } from "./testing/projects.ts";
import { terminalClient } from "./testing/shell.ts";
import { temporaryFolder } from "./testing/temporary.ts";

const problem = unavailableHere();
const print = (line: string) => void process.stdout.write(`  ${line}\n`);

describe.skipIf(problem !== undefined)(
  `several servers whose projects run in pods${problem === undefined ? "" : ` (skipped: ${problem})`}`,
  () => {
    const base = temporaryFolder("several-pods");
    let installation: Installation;
    let namespace: string;
    const at = (name: string) => installation.at(name);

    beforeAll(async () => {
      const options = await optionsFor("several-servers");
      namespace = options.namespace;
      installation = await openInstallation({
        names: ["a", "b"],
        folder: base,
        env: { ...podSettings(options), KUBERNETES_WORKLOADS: "pods", KUBERNETES_SUSPEND_MINUTES: "0.05", IDLE_STOP_MINUTES: "0.15" },
      });
    }, 240_000);
    afterAll(async () => {
      await installation[Symbol.asyncDispose]();
      await removeNamespaces();
      await rm(base, { recursive: true, force: true });
    });

    /** Names of the pods of projects that are not being ended. */
    const pods = async () => {
      const { items } = JSON.parse(
        await kubectl("get", "pods", "-n", namespace, "-l", "studio.tesslate.com/kind=project", "-o", "json"),
      ) as {
        items: { metadata: { name: string; deletionTimestamp?: string } }[];
      };
      return items.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? metadata.name : []));
    };
    const suspended = () => vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 120_000, interval: 500 });
    /** Wakes the app if necessary. */
    const bootAt = (name: string, user: { token: string }, projectId: string) =>
      vi.waitFor(() => installation.bootAt(name, user, projectId), { timeout: 90_000, interval: 200 });

    test(
      "create at one, run and type at the other, which continues when the owner is killed; the pod is suspended when neither uses it",
      { timeout: 600_000 },
      async () => {
        const user = await installation.signUp();
        const project_id = await installation.startedProject(user, "a", "b");
        const params = { id: project_id };
        const boot = await bootAt("a", user, project_id);
        expect(await bootAt("b", user, project_id)).toBe(boot);
        expect(await pods()).toHaveLength(1);

        const owner = (await installation.ownerOf(project_id)) ?? "";
        const kept = owner === "a" ? "b" : "a";
        const { as } = at(kept);
        const { id } = await as(user).shell.create({ body: { project_id } });
        const terminal = await terminalClient(at(kept), user, id);
        terminal.type("kept=$((40 + 2)); echo ready$kept\r");
        await terminal.waitFor(/ready42/);
        installation.model.setScript(
          script([
            call("run_command", { command: "sleep 2; echo one" }),
            call("run_command", { command: "echo two > two.txt" }),
            say("Done."),
          ]),
        );
        const { id: chat_id } = await as(user).chat.createSession({ body: { project_id, title: "Run" } });
        const stream = collect(as(user).chat.stream({ body: { project_id, chat_id, message: "Go", edit_mode: "allow" } }));
        await stream.until("tool_started");
        const killed = Date.now();
        await at(owner).studio.kill();
        expect(find(await stream.ended, "complete")?.data.completion_reason).toBe("interrupted");
        await vi.waitFor(
          async () => {
            const { active_task, messages } = await as(user).chat.get({ params: { chat_id } });
            expect([active_task, messages.at(-1)?.content]).toEqual([null, "Done."]);
          },
          { timeout: 60_000, interval: 200 },
        );
        const again = await terminalClient(at(kept), user, id);
        again.type("cat two.txt; echo still$kept\r");
        await again.waitFor(/two[\r\n]+still42/);
        print(`kill -9 of the owner: run completed and terminal used at the other after ${Date.now() - killed} ms`);
        expect(await bootAt(kept, user, project_id)).toBe(boot);
        expect(await installation.ownerOf(project_id)).toBe(kept);

        // The one that started again does not use the pod; the terminal of the other one keeps it for longer than anything idle.
        await installation.start(owner);
        again.type("sleep 13; echo slept$kept\r");
        await again.waitFor(/slept42/);
        expect(await bootAt(owner, user, project_id)).toBe(boot);
        again.type("exit\r");
        await suspended();

        const asleep = Date.now();
        const woken = await bootAt(owner, user, project_id);
        print(`woken by a visitor of a server that does not own it after ${Date.now() - asleep} ms`);
        expect(woken).not.toBe(boot);
        expect(
          await at(owner)
            .as(user)
            .files.get({ params: { ...params, path: "two.txt" } }),
        ).toMatchObject({ content: "two\n" });

        // Both wake it at once.
        await suspended();
        const [one, other] = await Promise.all(["a", "b"].map((name) => bootAt(name, user, project_id)));
        expect(other).toBe(one);
        expect(await pods()).toHaveLength(1);

        const deleted = Date.now();
        await kubectl("delete", "pod", "-n", namespace, ...(await pods()), "--grace-period=0", "--force");
        for (const name of ["a", "b"]) await bootAt(name, user, project_id);
        print(`page shown by both ${Date.now() - deleted} ms after the pod was deleted`);
        expect(await pods()).toHaveLength(1);
        const removed = await as(user).projects.remove({ params });
        expect(await ended(at(owner), user, removed.task_id)).toMatchObject({ status: "completed" });
        await suspended();
      },
    );

    test("a rolling restart under load fails no request, and a run continues in the same pod", { timeout: 400_000 }, async () => {
      const user = await installation.signUp();
      const project_id = await installation.startedProject(user, "a", "b");
      const boot = await bootAt("a", user, project_id);
      installation.model.setScript(
        script([
          ...Array.from({ length: 20 }, (_, i) => call("run_command", { command: `sleep 1; echo ${i} >> steps.txt` })),
          say("Done."),
        ]),
      );
      const { id: chat_id } = await at("a")
        .as(user)
        .chat.createSession({ body: { project_id, title: "Run" } });
      const stream = collect(
        at("a")
          .as(user)
          .chat.stream({ body: { project_id, chat_id, message: "Go", edit_mode: "allow" } }),
      );
      await stream.until("tool_started");
      const load = startBalancedLoad({
        ports: () => new Map([...installation.servers].map(([name, { port }]) => [name, port])),
        token: user.token,
        projectId: project_id,
        workers: 4,
      });
      await installation.rollingRestart(["a", "b"], load);
      const { requests, failures, slowestMs } = await load.stop();
      print(`rolling restart: ${requests} requests, ${failures.length} failed, slowest ${slowestMs} ms`);
      expect(failures).toEqual([]);
      expect(await bootAt("b", user, project_id)).toBe(boot);
      await vi.waitFor(
        async () => {
          const { messages, active_task } = await at("b").as(user).chat.get({ params: { chat_id } });
          expect([active_task, messages.at(-1)?.content]).toEqual([null, "Done."]);
        },
        { timeout: 120_000, interval: 1_000 },
      );
      const { content } = await at("a")
        .as(user)
        .files.get({ params: { id: project_id, path: "steps.txt" } });
      expect(new Set((content ?? "").trim().split("\n")).size).toBe(20);
    });
  },
);
