import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { decode, getPage, is, until } from "../conformance/observe.ts";
import { realPrograms as programs } from "../conformance/programs.ts";
import { folderSource } from "../file-source.ts";
import type { ImageSpec, RuntimeDriver, ServiceSpec } from "../types.ts";
import type { KubernetesOptions } from "./options.ts";
import {
  kubectl,
  namespaceFor,
  openKubernetes,
  patience,
  podsOf,
  removeNamespaces,
  unavailableHere,
  withoutSandboxes,
} from "./testing/kubernetes.fixture.ts";

const web: ServiceSpec = { name: "web", command: programs.serve(4100, "up"), cwd: ".", env: {}, port: 4100 };
const ready = { timeoutMs: 30_000 };

afterAll(removeNamespaces);

for (const workloads of ["pods", "sandboxes"] as const) {
  const problem = workloads === "pods" ? unavailableHere() : withoutSandboxes();
  describe.skipIf(problem !== undefined)(`several servers and ${workloads}${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
    const key = `several-${workloads}`;
    const open = async (more: Partial<KubernetesOptions> = {}): Promise<RuntimeDriver> => {
      const driver = await openKubernetes(key, { workloads, ...more });
      onTestFinished(() => driver.close({ leaveRunning: true }));
      return driver;
    };
    const two = (more: Partial<KubernetesOptions> = {}) => Promise.all([open(more), open(more)]);
    const podsIn = (id: string) => podsOf(key, id);
    const claimsOf = async (id: string) =>
      (await kubectl("get", "persistentvolumeclaims", "-n", await namespaceFor(key), "-o", "name"))
        .split("\n")
        .filter((name) => name.includes(id));

    test("create the same project at once: both use one pod and one volume", async () => {
      const drivers = await Promise.all([open(), open(), open()]);
      const sandboxes = await Promise.all(drivers.map((driver) => driver.open({ id: "same" })));
      await Promise.all(sandboxes.map((sandbox, n) => sandbox.files.write(`${n}.txt`, String(n))));
      for (const sandbox of sandboxes) expect((await sandbox.exec(["ls"])).stdout).toBe("0.txt\n1.txt\n2.txt\n");
      expect(await podsIn("same")).toHaveLength(1);
      await until(async () => (await claimsOf("same")).length === 1, ...patience);
      for (const driver of drivers) expect((await driver.list()).map(({ id }) => id)).toEqual(["same"]);
      await drivers[2]?.remove("same");
      // The others notice.
      await until(async () => (await Promise.all(drivers.map((driver) => driver.find("same")))).every((found) => found === undefined));
    }, 180_000);

    test("prepare the same image at once, and each creates a project from it", async () => {
      const drivers = await two();
      const image: ImageSpec = {
        name: "shared",
        source: folderSource(import.meta.dirname + "/testing"),
        build: [["sh", "-c", "echo built > built.txt"]],
      };
      const ids = await Promise.all(drivers.map((driver) => driver.prepare(image)));
      expect(new Set(ids).size).toBe(1);
      const made = await Promise.all(drivers.map((driver, n) => driver.open({ id: `from-${n}`, image: ids[0] ?? "" })));
      for (const sandbox of made) expect(decode((await sandbox.files.read("built.txt")).data)).toBe("built\n");
      await until(async () => (await claimsOf("image-shared")).length === 1, ...patience);
      await Promise.all([drivers[0].remove("from-1"), drivers[1].remove("from-0")]);
      await drivers[0].removeImage(ids[0] ?? "");
      await until(() => drivers[1].listImages().then((all) => all.length === 0));
    }, 240_000);

    test("a new project of each takes a pod that was started ahead, never the same", async () => {
      const drivers = await two({ warmPods: 1 });
      await drivers[0].open({ id: "first" });
      await until(async () => (await podsIn("warm")).length === 1, ...patience);
      const made = await Promise.all([drivers[0].open({ id: "one" }), drivers[1].open({ id: "two" })]);
      await Promise.all(made.map((sandbox) => sandbox.files.write("name.txt", sandbox.id)));
      for (const sandbox of made) expect(decode((await sandbox.files.read("name.txt")).data)).toBe(sandbox.id);
      await Promise.all(["first", "one", "two"].map((id) => drivers[1].remove(id)));
      for (const driver of drivers) await driver.close({ leaveRunning: true });
      await open();
      await until(async () => (await podsIn("warm")).length === 0, ...patience);
    }, 240_000);

    test("a pod is suspended when none of them uses it, and any of them wakes it", async () => {
      const [a, b] = await two({ suspendAfterMs: 2_000 });
      const ofA = await a.open({ id: "idle", takesOver: true });
      await ofA.files.write("note.txt", "kept");
      const ofB = await b.find("idle");
      if (!ofB) throw new Error("it was not found");
      const command = new AbortController();
      const running = ofB.exec(programs.sleep(60_000), { signal: command.signal });
      // The other one has had nothing to do with it for long.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      expect(await podsIn("idle")).toHaveLength(1);
      command.abort();
      expect(await running).toMatchObject({ aborted: true });
      await until(async () => (await podsIn("idle")).length === 0, ...patience);
      const asleep = performance.now();
      expect((await ofB.exec(programs.echo("awake"))).stdout).toBe("awake\n");
      process.stdout.write(`  ${workloads}: woken by another server in ${Math.round(performance.now() - asleep)} ms\n`);
      expect(decode((await ofA.files.read("note.txt")).data)).toBe("kept");
      // Both begin to wake it at once.
      await until(async () => (await podsIn("idle")).length === 0, ...patience);
      const read = await Promise.all([ofA, ofB, ofA, ofB].map((sandbox) => sandbox.files.read("note.txt")));
      expect(read.map(({ data }) => decode(data))).toEqual(Array.from({ length: 4 }, () => "kept"));
      // None if it was idle again meanwhile.
      expect((await podsIn("idle")).length).toBeLessThan(2);
      await a.remove("idle");
    }, 240_000);

    test("calls that arrive while another one suspends the pod succeed", async () => {
      const [a, b] = await two({ suspendAfterMs: 500 });
      const ofA = await a.open({ id: "edge" });
      await ofA.files.write("n.txt", "0");
      const ofB = await b.find("edge");
      const durations: number[] = [];
      for (let n = 1; n <= 8; n++) {
        // About when the pod becomes idle, a bit later each time.
        await new Promise((resolve) => setTimeout(resolve, 470 + 10 * n));
        const sandbox = n % 2 === 0 ? ofA : ofB;
        const started = performance.now();
        await sandbox?.files.write("n.txt", String(n));
        durations.push(Math.round(performance.now() - started));
        expect(decode((await (n % 2 === 0 ? ofB : ofA)?.files.read("n.txt"))?.data ?? new Uint8Array())).toBe(String(n));
      }
      process.stdout.write(`  ${workloads}: calls at the edge of a suspension took ${durations.join(", ")} ms\n`);
      await a.remove("edge");
    }, 300_000);

    test("a server that is gone leaves a pod that another one suspends", async () => {
      const [a, b] = await Promise.all([open({ suspendAfterMs: 600_000 }), open({ suspendAfterMs: 2_000 })]);
      const sandbox = await a.open({ id: "left" });
      await sandbox.exec(programs.echo("first"));
      await a.close({ leaveRunning: true });
      await until(async () => (await podsIn("left")).length === 0, ...patience);
      await b.remove("left");
    }, 180_000);

    test("a pod that is deleted while both use it has one successor", async () => {
      const [a, b] = await two();
      const ofA = await a.open({ id: "gone", takesOver: true });
      const ofB = await b.find("gone");
      await ofA.start(web);
      await ofA.ready("web", ready);
      if (!ofB) throw new Error("it was not found");
      expect(await getPage(ofB, 4100)).toBe("up");
      const seen: string[] = [];
      ofA.onState(({ status }) => seen.push(status));
      const [pod] = await podsIn("gone");
      await kubectl("delete", "pod", "-n", await namespaceFor(key), pod?.name ?? "", "--grace-period=0", "--force");
      await until(() => seen.at(-1) === "failed", ...patience);
      await Promise.all([ofA, ofB].map((sandbox) => sandbox.files.write("note.txt", "kept")));
      const [next, ...more] = await podsIn("gone");
      expect([next?.uid === pod?.uid, more]).toEqual([false, []]);
      await ofA.start(web);
      await ofA.ready("web", ready);
      expect(await getPage(ofB, 4100)).toBe("up");
      await a.remove("gone");
    }, 180_000);

    test("the next owner takes over: the one before is refused, also in the next pod", async () => {
      const [a, b] = await two({ suspendAfterMs: 2_000 });
      const ofA = await a.open({ id: "owned", takesOver: true });
      await ofA.files.write("note.txt", "a");
      const ofB = await b.open({ id: "owned", takesOver: true });
      await expect(ofA.files.write("note.txt", "a")).rejects.toSatisfy(is("unavailable"));
      await ofB.files.write("note.txt", "b");
      await until(async () => (await podsIn("owned")).length === 0, ...patience);
      await expect(ofA.files.write("note.txt", "a")).rejects.toSatisfy(is("unavailable"));
      expect(decode((await ofB.files.read("note.txt")).data)).toBe("b");
      // Like any server, it may still read it.
      expect(decode((await (await a.find("owned"))?.files.read("note.txt"))?.data ?? new Uint8Array())).toBe("b");
      // And take it over again.
      await (await a.open({ id: "owned", takesOver: true })).files.write("note.txt", "a again");
      await expect(ofB.files.write("note.txt", "b")).rejects.toSatisfy(is("unavailable"));
      await a.remove("owned");
    }, 180_000);

    test("a kept terminal keeps the pod, and the next server attaches to it", async () => {
      const [a, b] = await two({ suspendAfterMs: 1_000 });
      const ofA = await a.open({ id: "typed", takesOver: true });
      const pty = await ofA.pty(["sh"], { keepAs: "terminal" });
      pty.write("kept=$((40 + 2)); echo ready$kept\n");
      let screen = "";
      pty.onData((data) => (screen += decode(data)));
      await until(() => screen.includes("ready42"));
      await pty.detach?.();
      await a.close({ leaveRunning: true });
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      const ofB = await b.open({ id: "typed", takesOver: true });
      const again = await ofB.attachPty?.("terminal");
      let next = "";
      again?.onData((data) => (next += decode(data)));
      again?.write("echo still$kept\n");
      await until(() => next.includes("ready42") && next.includes("still42"));
      again?.write("exit\n");
      await until(async () => (await podsIn("typed")).length === 0, ...patience);
      await expect(ofB.attachPty?.("terminal")).rejects.toSatisfy(is("not_found"));
      await b.remove("typed");
    }, 180_000);
  });
}
