import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { LogLine, RuntimeDriver, Sandbox, ServiceSpec } from "../types.ts";
import { collectLines, getPage, is, until } from "./observe.ts";
import type { Programs } from "./programs.ts";

/** Passed to the parts of the suite; the driver exists when a test starts. */
export interface SuiteContext {
  name: string;
  programs: Programs;
  readonly driver: RuntimeDriver;
  /** Opens a new sandbox. */
  open(): Promise<Sandbox>;
}

/** Services, as every driver must run them. */
export function describeServices(suite: SuiteContext): void {
  describe("services", () => {
    const spec = (command: string[], more: Partial<ServiceSpec> = {}): ServiceSpec => ({
      name: "web",
      command,
      cwd: ".",
      env: {},
      port: 4100,
      ...more,
    });
    test("start, respond and stop, emitting every change", async () => {
      const sandbox = await suite.open();
      const seen: string[] = [];
      const unsubscribe = sandbox.onState((state) => seen.push(state.status));
      expect((await sandbox.start(spec(suite.programs.serve(4100, "hi")))).status).toBe("starting");
      const state = await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(state).toMatchObject({ name: "web", status: "running", port: 4100 });
      expect(await getPage(sandbox, 4100)).toBe("hi");
      expect((await sandbox.start(spec(suite.programs.serve(4100, "other")))).status).toBe("running");
      expect(await sandbox.services()).toHaveLength(1);
      await sandbox.stop("web");
      expect((await sandbox.services())[0]?.status).toBe("stopped");
      await expect(getPage(sandbox, 4100)).rejects.toThrow();
      await sandbox.stop("web");
      await sandbox.stop("never-started");
      unsubscribe();
      expect(seen.filter((status, i) => seen[i - 1] !== status)).toEqual(["starting", "running", "stopped"]);
      await sandbox.start(spec(suite.programs.serve(4100, "again")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(await getPage(sandbox, 4100)).toBe("again");
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("are connected to as by a socket", async () => {
      const sandbox = await suite.open();
      await expect(sandbox.connect(4100)).rejects.toSatisfy(is("unavailable"));
      await expect(sandbox.connect(4100, { signal: AbortSignal.abort() })).rejects.toSatisfy(is("aborted"));
      await sandbox.start(spec(suite.programs.serve(4100, "hi")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      const abort = new AbortController();
      const stream = await sandbox.connect(4100, { signal: abort.signal });
      // It has no effect on an open connection.
      abort.abort();
      // Half-closed: the answer still arrives, and its end closes the stream.
      stream.end("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      const closed = once(stream, "close");
      let text = "";
      for await (const chunk of stream) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*hi/);
      await closed;
      const other = await sandbox.connect(4100);
      const ended = new Promise((resolve) => other.once("close", resolve).on("error", () => undefined));
      await sandbox.stop("web");
      other.resume();
      await ended;
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("report the port they really listen on", async () => {
      const sandbox = await suite.open();
      await sandbox.start(spec(suite.programs.serve(4201, "elsewhere"), { port: 4200 }));
      const state = await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(state.port).toBe(4201);
      expect(await getPage(sandbox, 4201)).toBe("elsewhere");
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("that crash are failed, with their last lines", async () => {
      const sandbox = await suite.open();
      await sandbox.start(spec(suite.programs.fail("cannot find module", 7)));
      const failure = await sandbox.ready("web", { timeoutMs: 20_000 }).catch((error: unknown) => error);
      expect(failure).toSatisfy(is("service_failed"));
      expect((failure as Error).message).toContain("cannot find module");
      expect((await sandbox.services())[0]).toMatchObject({ status: "failed", exitCode: 7, lastLines: ["cannot find module"] });
      await sandbox.start(spec(suite.programs.serve(4100, "mended")));
      expect((await sandbox.ready("web", { timeoutMs: 20_000 })).status).toBe("running");
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("wait for a port until the timeout, or until the caller aborts", async () => {
      const sandbox = await suite.open();
      await sandbox.start(spec(suite.programs.chatter));
      await expect(sandbox.ready("web", { timeoutMs: 300 })).rejects.toSatisfy(is("start_timeout"));
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      await expect(sandbox.ready("web", { timeoutMs: 20_000, signal: abort.signal })).rejects.toSatisfy(is("aborted"));
      await expect(sandbox.ready("other")).rejects.toSatisfy(is("not_found"));
      await sandbox.stop();
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("keep numbered logs that can be followed", async () => {
      const sandbox = await suite.open();
      await sandbox.start(spec(suite.programs.serve(4100, "x")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      const lines = await until(async () => {
        const all = await collectLines(sandbox.logs("web"));
        return all.some((l) => l.line === "listening") ? all : undefined;
      });
      expect(lines.find((l) => l.line === "listening")).toMatchObject({ stream: "stdout" });
      expect(Number.isNaN(Date.parse(lines[0]?.ts ?? ""))).toBe(false);
      await sandbox.stop();
      await sandbox.start(spec(suite.programs.chatter));
      const abort = new AbortController();
      const live: LogLine[] = [];
      for await (const line of sandbox.logs("web", { tail: 0, follow: true, signal: abort.signal })) {
        live.push(line);
        if (live.length === 10) abort.abort();
      }
      const numbers = live.map((l) => l.seq);
      expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
      expect(numbers[0]).toBeGreaterThan(lines.at(-1)?.seq ?? 0);
      expect(await collectLines(sandbox.logs("web", { tail: 3 }))).toHaveLength(3);
      await expect(collectLines(sandbox.logs("none"))).rejects.toSatisfy(is("not_found"));
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("are starting until their health check succeeds", async ({ skip: skipTest }) => {
      if (suite.driver.name === "memory") return skipTest("a fake is never ill");
      const sandbox = await suite.open();
      await sandbox.files.write("page.txt", "x");
      const seen: string[] = [];
      sandbox.onState((state) => seen.push(state.status));
      const health = ["sh", "-c", 'test "$MOOD" = good && test -e healthy', "sh"];
      await sandbox.start(spec(suite.programs.serve(4100, "hi"), { health, env: { MOOD: "good" } }));
      await expect(sandbox.ready("web", { timeoutMs: 1_500 })).rejects.toSatisfy(is("start_timeout"));
      expect(await getPage(sandbox, 4100)).toBe("hi");
      expect((await sandbox.services())[0]?.status).toBe("starting");
      await sandbox.files.write("healthy", "");
      expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: 4100 });
      expect(seen.filter((status, i) => seen[i - 1] !== status)).toEqual(["starting", "running"]);
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("that end before they are healthy are failed", async ({ skip: skipTest }) => {
      if (suite.driver.name === "memory") return skipTest("a fake is never ill");
      const sandbox = await suite.open();
      const ends = `${suite.programs.serve(4100, "hi").at(-1)}; setTimeout(() => process.exit(9), 700)`;
      await sandbox.start(spec(["node", "-e", ends], { health: ["false"] }));
      await expect(sandbox.ready("web", { timeoutMs: 20_000 })).rejects.toSatisfy(is("service_failed"));
      expect((await sandbox.services())[0]).toMatchObject({ status: "failed", exitCode: 9 });
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("keep volumes that outlive them, outside the tree", async ({ skip: skipTest }) => {
      if (suite.driver.name === "memory") return skipTest("a fake keeps nothing");
      const sandbox = await suite.open();
      const before = (await sandbox.stats()).diskBytes;
      const volumes = [{ name: "data", path: "/var/lib/store/data" }];
      // Counts its starts in the volume and responds with the count.
      const script = `const fs = require("fs"), file = process.argv[1] + "/count";
        const n = Number(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : 0) + 1;
        fs.writeFileSync(file, String(n)); fs.writeFileSync(process.argv[1] + "/big", Buffer.alloc(300000, "x"));
        require("http").createServer((q, r) => r.end(String(n))).listen(4100, "127.0.0.1")`;
      const counter = (more: Partial<ServiceSpec> = {}) =>
        spec(["node", "-e", script, "/var/lib/store/data"], {
          volumes,
          health: ["sh", "-c", 'test -s "$1"', "sh", "/var/lib/store/data/count"],
          ...more,
        });
      const count = async (more?: Partial<ServiceSpec>) => {
        await sandbox.start(counter(more));
        await sandbox.ready("web", { timeoutMs: 20_000 });
        const text = await getPage(sandbox, 4100);
        await sandbox.stop();
        return text;
      };
      expect([await count(), await count()]).toEqual(["1", "2"]);
      expect((await sandbox.files.walk()).map((e) => e.path)).toEqual([]);
      expect((await sandbox.stats()).diskBytes - before).toBeGreaterThanOrEqual(300_000);
      expect(await count({ volumes: [{ name: "other", path: "/var/lib/store/data" }] })).toBe("1");
      await sandbox.removeVolume("data");
      await sandbox.removeVolume("never-there");
      expect(await count()).toBe("1");
      for (const volume of [
        { name: "../data", path: "/data" },
        { name: "data", path: "data" },
        { name: "data", path: "/data/../etc" },
        { name: "data", path: "/etc" },
        { name: "data", path: "/app/x" },
      ])
        await expect(sandbox.start(counter({ name: "bad", volumes: [volume] }))).rejects.toSatisfy(is("not_supported"));
      await suite.driver.remove(sandbox.id);
      const again = await suite.driver.open({ id: sandbox.id });
      await again.start(counter());
      await again.ready("web", { timeoutMs: 20_000 });
      expect(await getPage(again, 4100)).toBe("1");
      await suite.driver.remove(sandbox.id);
    }, 90_000);

    test("report their usage", async () => {
      const sandbox = await suite.open();
      await sandbox.files.write("big", new Uint8Array(100_000));
      await sandbox.start(spec(suite.programs.serve(4100, "x")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      const stats = await sandbox.stats();
      expect(stats.diskBytes).toBeGreaterThanOrEqual(100_000);
      if (suite.driver.can.limits) {
        expect(stats.memoryBytes).toBeGreaterThan(1_000_000);
        expect(stats.pids).toBeGreaterThan(0);
        expect((await sandbox.usage()).memoryBytes).toBeGreaterThan(1_000_000);
      }
      const { services, limits } = await sandbox.serviceUsage();
      // Without isolation there are no processes to measure.
      if (suite.driver.isolation === "none") expect(services).toEqual([]);
      else {
        expect(services.map((service) => service.name)).toEqual(["web"]);
        expect(services[0]?.memoryBytes).toBeGreaterThan(1_000_000);
        expect(services[0]?.cpuSeconds).toBeGreaterThan(0);
        expect(services[0]?.pids).toBeGreaterThan(0);
      }
      expect(limits !== undefined).toBe(suite.driver.can.limits);
      await sandbox.stop();
      expect((await sandbox.serviceUsage()).services).toEqual([]);
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("freeze and thaw", async ({ skip: skipTest }) => {
      if (!suite.driver.can.freeze) return skipTest(`${suite.name} cannot freeze`);
      const sandbox = await suite.open();
      await sandbox.start(spec(suite.programs.serve(4100, "awake")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      await sandbox.freeze();
      expect((await sandbox.services())[0]?.status).toBe("frozen");
      await sandbox.freeze();
      await sandbox.thaw();
      expect((await sandbox.services())[0]?.status).toBe("running");
      expect(await getPage(sandbox, 4100)).toBe("awake");
      await sandbox.freeze();
      expect((await sandbox.exec(suite.programs.echo("wakes it"))).stdout).toBe("wakes it\n");
      await sandbox.freeze();
      await sandbox.stop();
      expect((await sandbox.services())[0]?.status).toBe("stopped");
      await suite.driver.remove(sandbox.id);
    }, 60_000);

    test("a pause holds what would start until it ends, and shows as no other state", async ({ skip: skipTest }) => {
      if (!suite.driver.can.history) return skipTest(`${suite.name} has no folders to copy`);
      const nobody = await suite.driver.pause("nobody");
      expect(nobody).toMatchObject({ isStill: true, wasRunning: false });
      await nobody.resume();
      const sandbox = await suite.open();
      const idle = await suite.driver.pause(sandbox.id);
      expect(idle).toMatchObject({ isStill: true, wasRunning: false });
      await idle.resume();
      await sandbox.start(spec(suite.programs.serve(4101, "still here")));
      await sandbox.ready("web", { timeoutMs: 20_000 });
      const paused = await suite.driver.pause(sandbox.id);
      expect(paused).toMatchObject({ wasRunning: true, isStill: suite.driver.can.freeze });
      expect((await sandbox.services())[0]?.status).toBe("running");
      let isRun = false;
      const command = sandbox.exec(suite.programs.echo("later")).then((result) => {
        isRun = true;
        return result;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isRun).toBe(false);
      await paused.resume();
      await paused.resume();
      expect((await command).stdout).toBe("later\n");
      expect(await getPage(sandbox, 4101)).toBe("still here");
      await suite.driver.remove(sandbox.id);
    }, 60_000);
  });
}
