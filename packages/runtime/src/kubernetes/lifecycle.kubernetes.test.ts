import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { collectLines, decode, getPage, is, processesWith, until, untilEnded } from "../conformance/observe.ts";
import { realPrograms as programs } from "../conformance/programs.ts";
import type { RuntimeDriver, ServiceSpec } from "../types.ts";
import type { KubernetesOptions } from "./options.ts";
import {
  kill,
  kubectl,
  namespaceFor,
  openKubernetes,
  optionsFor,
  patience,
  podsOf,
  removeNamespaces,
  unavailableHere,
  withoutSandboxes,
} from "./testing/kubernetes.fixture.ts";

const web: ServiceSpec = { name: "web", command: programs.serve(4100, "up"), cwd: ".", env: {}, port: 4100 };
const ready = { timeoutMs: 30_000 };
/** More memory than any node has. */
const tooMuch = 2 ** 44;

afterAll(removeNamespaces);

for (const workloads of ["pods", "sandboxes"] as const) {
  const problem = workloads === "pods" ? unavailableHere() : withoutSandboxes();
  describe.skipIf(problem !== undefined)(`a project in ${workloads}${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
    const key = `lifecycle-${workloads}`;
    const opened: RuntimeDriver[] = [];
    const open = async (more: Partial<KubernetesOptions> = {}) => {
      const driver = await openKubernetes(key, { workloads, ...more });
      opened.push(driver);
      onTestFinished(() => driver.close({ leaveRunning: true }));
      return driver;
    };
    const podsIn = async (id: string) => (await podsOf(key, id)).map(({ name }) => name);

    test("is suspended when nothing runs in it, answers what is known meanwhile, and wakes for a call", async () => {
      const driver = await open({ suspendAfterMs: 1_000 });
      const started = performance.now();
      const sandbox = await driver.open({ id: "idle" });
      await sandbox.exec(programs.echo("first"));
      process.stdout.write(`  ${workloads}: created to first command in ${Math.round(performance.now() - started)} ms\n`);
      await sandbox.files.write("note.txt", "kept");
      await sandbox.start(web);
      await sandbox.ready("web", ready);
      // A running service keeps the pod, however long nobody calls it.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(await podsIn("idle")).toHaveLength(1);
      await sandbox.stop("web");
      await until(async () => (await podsIn("idle")).length === 0, ...patience);
      expect(await sandbox.services()).toMatchObject([{ name: "web", status: "stopped" }]);
      expect(await driver.list()).toContainEqual({ id: "idle", services: [{ name: "web", state: "stopped" }] });
      expect((await sandbox.stats()).diskBytes).toBeGreaterThan(0);
      await sandbox.stop();
      await expect(sandbox.connect(4100)).rejects.toSatisfy(is("unavailable"));
      expect(await podsIn("idle")).toEqual([]);
      const asleep = performance.now();
      expect(decode((await sandbox.files.read("note.txt")).data)).toBe("kept");
      process.stdout.write(`  ${workloads}: woken and read in ${Math.round(performance.now() - asleep)} ms\n`);
      await sandbox.start(web);
      await sandbox.ready("web", ready);
      expect(await getPage(sandbox, 4100)).toBe("up");
      await driver.remove("idle");
      await until(async () => (await podsIn("idle")).length === 0, ...patience);
    }, 180_000);

    test("whose pod cannot be scheduled does not block the list, is suspended after the start timeout, and starts with a smaller request", async () => {
      const first = await open({ suspendAfterMs: 1_000 });
      const sandbox = await first.open({ id: "huge" });
      await sandbox.files.write("note.txt", "kept");
      await until(async () => (await podsIn("huge")).length === 0, ...patience);
      await first.close();

      const full = await open({ requests: { cpus: 0.01, memoryBytes: tooMuch }, startTimeoutMs: 10_000, suspendAfterMs: 1_000 });
      const reading = (await full.open({ id: "huge", limits: { memoryBytes: tooMuch } })).files.read("note.txt");
      const refused = expect(reading).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("memory") });
      await until(async () => (await podsIn("huge")).length === 1, ...patience);
      // A server that does not wait for it: its list neither starts nor waits for a pod.
      const other = await open({ requests: { cpus: 0.01, memoryBytes: tooMuch }, startTimeoutMs: 60_000, suspendAfterMs: 60_000 });
      expect(await Promise.race([other.list(), refused.then(() => "later")])).toContainEqual({ id: "huge", services: [] });
      await refused;
      await until(async () => (await podsIn("huge")).length === 0, ...patience);
      await full.close({ leaveRunning: true });
      await other.close({ leaveRunning: true });

      const next = await open();
      expect(decode((await (await next.open({ id: "huge" })).files.read("note.txt")).data)).toBe("kept");
      await next.remove("huge");
    }, 180_000);

    test("takes a pod that was started ahead", async () => {
      const driver = await open({ warmPods: 1 });
      await driver.open({ id: "cold" });
      const [warm = ""] = await until(
        async () => {
          const names = await podsIn("warm");
          return names.length === 1 ? names : undefined;
        },
        ...patience,
      );
      await kubectl("wait", "-n", await namespaceFor(key), "--for=condition=Ready", `pod/${warm}`, "--timeout=60s");
      const started = performance.now();
      const sandbox = await driver.open({ id: "taken" });
      expect((await sandbox.exec(programs.echo("first"))).stdout).toBe("first\n");
      process.stdout.write(`  ${workloads}: warm to first command in ${Math.round(performance.now() - started)} ms\n`);
      expect((await driver.list()).map(({ id }) => id).toSorted()).toEqual(["cold", "taken"]);
      // Another one takes its place.
      await until(async () => (await podsIn("warm")).length === 2, ...patience);
      await sandbox.files.write("note.txt", "kept");
      await driver.remove("cold");
      await driver.remove("taken");
      await until(async () => !(await podsIn("warm")).includes(warm), ...patience);
      // Without the setting none are left.
      await driver.close();
      await open();
      await until(async () => (await podsIn("warm")).length === 0, ...patience);
    }, 180_000);

    test("goes on when its server is killed, for the next one; commands and terminals end", async () => {
      const mark = String(1_000_000 + randomInt(1_000_000));
      const runtime = { driver: "kubernetes", dataDir: "", kubernetes: await optionsFor(key, { workloads }) };
      const server = spawn(
        process.execPath,
        [join(import.meta.dirname, "../crash.fixture.ts"), JSON.stringify(runtime), "everything", mark],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      onTestFinished(() => void server.kill("SIGKILL"));
      let output = "";
      server.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await until(() => output.includes("command") && output.includes("terminal"), ...patience);
      await until(() => processesWith(`sleep\0${mark}`).length >= 4, ...patience);
      server.kill("SIGKILL");
      await once(server, "exit");
      const driver = await open();
      const sandbox = await driver.open({ id: "kept" });
      expect(await sandbox.ready("web", ready)).toMatchObject({ status: "running", port: 4100 });
      expect(await getPage(sandbox, 4100)).toBe("alive");
      const ticks = (await collectLines(sandbox.logs("web"))).flatMap(({ line }) => (line.startsWith("tick ") ? line : []));
      expect(ticks.length).toBeGreaterThan(20);
      expect(ticks).toEqual(ticks.map((_, i) => `tick ${i}`));
      await untilEnded(`sleep\0${mark}`, patience[0]);
      await driver.remove("kept");
      await untilEnded(`// ${mark}`, patience[0]);
    }, 240_000);

    test("loses its pod: services are failed, files are kept, and the next call has another pod", async () => {
      const driver = await open();
      const sandbox = await driver.open({ id: "lost" });
      const seen: string[] = [];
      sandbox.onState(({ status }) => seen.push(status));
      await sandbox.files.write("note.txt", "kept");
      await sandbox.start(web);
      await sandbox.ready("web", ready);
      const command = sandbox.exec(programs.sleep(60_000)).then(
        () => "ended",
        (error: unknown) => error,
      );
      await until(async () => (await sandbox.programs()).includes("sleep"));
      const [pod = ""] = await podsIn("lost");
      await kubectl("delete", "pod", "-n", await namespaceFor(key), pod, "--grace-period=0", "--force");
      expect(await command).toSatisfy(is("unavailable"));
      await until(() => seen.at(-1) === "failed", ...patience);
      expect(await sandbox.services()).toMatchObject([{ name: "web", status: "failed" }]);
      expect(decode((await sandbox.files.read("note.txt")).data)).toBe("kept");
      await sandbox.start(web);
      await sandbox.ready("web", ready);
      expect(await getPage(sandbox, 4100)).toBe("up");
      await driver.remove("lost");
    }, 180_000);

    test("works on while the kubelet and the API are killed", async () => {
      const driver = await open();
      const sandbox = await driver.open({ id: "steady" });
      await sandbox.start(web);
      await sandbox.ready("web", ready);
      for (const component of ["kubelet", "kube-apiserver"]) {
        await kill(component);
        expect((await sandbox.exec(programs.echo("still here"))).stdout).toBe("still here\n");
        expect(await getPage(sandbox, 4100)).toBe("up");
      }
      const next = await until(() => driver.open({ id: "after" }).catch(() => undefined), ...patience);
      expect((await next.exec(programs.echo("new"))).stdout).toBe("new\n");
      await sandbox.stop();
      await driver.remove("steady");
      await driver.remove("after");
      await until(async () => (await podsIn("steady")).length === 0, ...patience);
    }, 240_000);
  });
}
