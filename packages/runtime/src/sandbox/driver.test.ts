import { chmodSync, existsSync, copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { folderSource } from "../file-source.ts";
import { fetchPort, sandboxPort } from "../sandbox-port.ts";
import { getPage, processesWith, until, untilEnded } from "../conformance/observe.ts";
import { findCgroups } from "../host/processes/cgroups.ts";
import type { RuntimeDriver } from "../types.ts";
import type { SandboxDriverOptions } from "./driver.ts";
import { openSandboxDriver, unavailableHere } from "./availability.ts";

const reason = unavailableHere();
const isRoot = process.getuid?.() === 0;

describe.skipIf(reason !== undefined)(`the sandbox driver${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  const folders: string[] = [];
  const drivers: RuntimeDriver[] = [];
  const folder = async () => {
    const dir = await mkdtemp(join(tmpdir(), "sandbox-"));
    folders.push(dir);
    return dir;
  };
  const start = async (options: Partial<SandboxDriverOptions> = {}) => {
    const driver = await openSandboxDriver({ dataDir: await folder(), ...options });
    drivers.push(driver);
    return driver;
  };
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close();
    for (const dir of folders.splice(0)) await rm(dir, { recursive: true, force: true });
  });

  test("services left running keep their names, certificates and tools for the next server; nothing else is kept", async () => {
    const dataDir = await folder();
    const first = await start({ dataDir });
    const sandbox = await first.open({ id: "left", hostnames: ["neighbour"] });
    const look = `require("node:http").createServer((q, r) => r.end(["/etc/hosts", "/etc/resolv.conf", "/opt/studio/bin/npm"]
      .map((f) => { try { return require("node:fs").readFileSync(f, "utf8") } catch (e) { return e.code } }).join("|"))).listen(4100)`;
    await sandbox.start({ name: "web", command: ["node", "-e", look], cwd: ".", env: {}, port: 4100 });
    await sandbox.ready("web", { timeoutMs: 20_000 });
    const seen = async (driver: RuntimeDriver) => getPage(await driver.open({ id: "left", hostnames: ["neighbour"] }), 4100);
    const before = await seen(first);
    expect(before).toContain("neighbour");
    expect(before).not.toContain("ENOENT");
    await first.close({ leaveRunning: true });
    const second = await start({ dataDir });
    expect(await seen(second)).toBe(before);
    await second.close();
    const third = await start({ dataDir });
    expect(readdirSync(join(dataDir, "runtime/run"))).toHaveLength(1);
    await third.close();
  }, 60_000);

  test.skipIf(!isRoot)(
    "the copy of an image for the next project is made in advance",
    async () => {
      const dataDir = await folder();
      const sourceDir = await folder();
      mkdirSync(join(sourceDir, "node_modules/package/lib"), { recursive: true });
      for (const cache of [".cache", ".vite/deps", ".node-compile-cache/v24"])
        mkdirSync(join(sourceDir, "node_modules", cache), { recursive: true });
      const linked = [
        "node_modules/package/lib/index.js",
        "node_modules/.vite/deps/react.js.map",
        "node_modules/.node-compile-cache/v24/0",
      ];
      const own = ["main.js", "node_modules/.cache/index.json", "node_modules/.vite/deps/react.js"];
      for (const file of [...own, ...linked]) writeFileSync(join(sourceDir, file), "original");
      const images = join(dataDir, "runtime/images");
      const driver = await start({ dataDir });
      const image = await driver.prepare({ name: "next", source: folderSource(sourceDir), build: [] });
      const next = join(images, `.next-${image}`);
      const inodeOf = (path: string) => statSync(path).ino;
      // Whoever waited for the image does not wait for a copy of it.
      expect(existsSync(next)).toBe(true);
      const copied = inodeOf(join(next, "main.js"));

      const { files, exec } = await driver.open({ id: "first", image });
      const tree = join(dataDir, "runtime/sandboxes/first/files");
      expect(inodeOf(join(tree, "main.js"))).toBe(copied);
      for (const path of linked) expect(inodeOf(join(tree, path)), path).toBe(inodeOf(join(images, image, "files", path)));
      expect(existsSync(next)).toBe(false);
      const writeTo = async (path: string) => (await exec(["sh", "-c", `echo changed > ${path}`])).exitCode;
      for (const path of [...own, "new.js", "node_modules/new.js", "node_modules/package/lib/new.js"])
        expect(await writeTo(path), path).toBe(0);
      for (const path of linked) expect(await writeTo(path), path).not.toBe(0);
      // As Vite replaces its cache.
      expect((await exec(["sh", "-c", "cd node_modules/.vite && mv deps old && rm -r old"])).exitCode).toBe(0);
      expect(new TextDecoder().decode((await files.read("main.js")).data)).toBe("changed\n");

      const second = await driver.open({ id: "second", image });
      for (const path of own) expect(new TextDecoder().decode((await second.files.read(path)).data), path).toBe("original");
      await until(() => existsSync(next), 20_000);
      await driver.removeImage(image);
      expect(readdirSync(images)).toEqual([]);
    },
    60_000,
  );

  test("servers of a project start with the modules that the warm-up of its image compiled", async () => {
    const sourceDir = await folder();
    mkdirSync(join(sourceDir, "node_modules/package"), { recursive: true });
    writeFileSync(join(sourceDir, "node_modules/package/index.js"), "module.exports = 'loaded';");
    const server = `require("package"); require("node:http")
      .createServer((q, r) => r.end(require("node:module").getCompileCacheDir() ?? "none")).listen(4100)`;
    writeFileSync(join(sourceDir, "server.js"), server);
    const command = ["node", "server.js"];
    const driver = await start({ dataDir: await folder() });
    const warmed = await driver.prepare({
      name: "compiled",
      source: folderSource(sourceDir),
      build: [],
      warm: { command, port: 4100, path: "/" },
    });
    const cacheOf = async (id: string, image?: string) => {
      const sandbox = await driver.open({ id, ...(image !== undefined && { image }) });
      if (image === undefined) await sandbox.files.write("server.js", server.replace('require("package"); ', ""));
      await sandbox.start({ name: "web", command, cwd: ".", env: {}, port: 4100 });
      await sandbox.ready("web", { timeoutMs: 20_000 });
      return { sandbox, folder: await (await fetchPort(sandboxPort(sandbox, 4100), "/")).text() };
    };
    const { sandbox, folder: cache } = await cacheOf("with", warmed);
    expect(cache).toMatch(/^\/app\/node_modules\/\.node-compile-cache\/v/);
    // Compiled by the warm-up: this server has not exited yet.
    const { stdout } = await sandbox.exec(["sh", "-c", `ls ${cache} | wc -l`]);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect((await cacheOf("without")).folder).toBe("none");
    await driver.close();
  }, 60_000);

  describe("the tools inside", () => {
    let driver: RuntimeDriver;
    let dataDir: string;
    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), "sandbox-"));
      driver = await openSandboxDriver({ dataDir });
    });
    afterAll(async () => {
      await driver.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    const inside = async (...argv: string[]) => {
      const { stdout, stderr, exitCode } = await (await driver.open({ id: "tools" })).exec(argv, { timeoutMs: 120_000 });
      return exitCode === 0 ? stdout.trim() : `${exitCode} ${stderr}`;
    };

    test("are ours, whatever the host has", async () => {
      expect(await inside("node", "-p", "process.version + process.execPath")).toBe(`${process.version}/opt/studio/bin/node`);
      expect(await inside("sh", "-c", "for tool in npm npx pnpm pnpx; do command -v $tool; done")).toBe(
        ["npm", "npx", "pnpm", "pnpx"].map((name) => `/opt/studio/bin/${name}`).join("\n"),
      );
      expect(await inside("npm", "--version")).toMatch(/^11\./);
      expect(await inside("pnpm", "--version")).toMatch(/^12\./);
      expect(await inside("git", "init", "-q", "/tmp/r")).toBe("");
      expect(await inside("rg", "--version")).toContain("ripgrep");
      expect(await inside("whoami")).toBe("app");
    });
  });

  test.skipIf(!isRoot)(
    "tools and data below a closed home are reachable",
    async () => {
      const closed = await folder();
      mkdirSync(join(closed, "bin"));
      chmodSync(closed, 0o700);
      copyFileSync(process.execPath, join(closed, "bin/node-of-root"));
      mkdirSync(join(closed, "data"));
      const driver = await start({ dataDir: join(closed, "data"), toolchain: { node: join(closed, "bin/node-of-root") } });
      const sandbox = await driver.open({ id: "a" });
      expect((await sandbox.exec(["node", "-p", "6 * 7"])).stdout).toBe("42\n");
      await driver.close();
      expect(readdirSync(join(closed, "data/runtime/sandboxes"))).toEqual(["a"]);
    },
    30_000,
  );

  test.skipIf(!isRoot)(
    "closing without leaving anything running removes everything",
    async () => {
      const dataDir = await folder();
      const driver = await start({ dataDir });
      const sandbox = await driver.open({ id: "a" });
      const seconds = `${4_000_000 + process.pid}`;
      await sandbox.start({ name: "web", command: ["sleep", seconds], cwd: ".", env: {}, port: 0 });
      // A service without a port is ready before its program runs.
      let pid: number | undefined;
      await until(() => (pid = processesWith(seconds).find((each) => nameOf(each) === "sleep")) !== undefined);
      const name = groupNameOf(pid);
      await driver.close();
      expect(existsSync(`/proc/${pid}`)).toBe(false);
      expect(readdirSync("/run/netns").some((ns) => ns.startsWith(name))).toBe(false);
      expect(findCgroups(name).cgroups.names()).toEqual([]);
      findCgroups(name).cgroups.remove();
    },
    30_000,
  );

  test.skipIf(!isRoot)("a build in the background gives way to other programs until a caller waits for it", async () => {
    const dataDir = await folder();
    const driver = await start({ dataDir });
    if (!driver.can.limits) return;
    const mark = String(3_000_000 + Math.floor(Math.random() * 1_000_000));
    mkdirSync(join(dataDir, "sources"));
    const spec = { name: "slow", source: folderSource(join(dataDir, "sources")), build: [["sleep", mark]] };
    const abort = new AbortController();
    const weight = () => {
      const [pid] = processesWith(`sleep\0${mark}`);
      if (pid === undefined) return undefined;
      const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
      const v1 = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
      if (v1 !== undefined) return Number(readFileSync(join("/sys/fs/cgroup/cpu", v1, "cpu.shares"), "utf8")) / 1024;
      const v2 = /^0::(.*)$/m.exec(groups)?.[1] ?? "";
      return Number(readFileSync(join("/sys/fs/cgroup", v2, "../cpu.weight"), "utf8")) / 100;
    };
    const background = driver.prepare(spec, { isBackground: true, signal: abort.signal });
    // The programs that lead to it have joined its group.
    await until(() => processesWith(`sleep\0${mark}`).length > 0 && (weight() ?? 1) < 0.02);
    const waiting = driver.prepare(spec, { signal: abort.signal });
    await until(() => weight() === 1);
    abort.abort();
    for (const { status } of await Promise.allSettled([background, waiting])) expect(status).toBe("rejected");
    await untilEnded(`sleep\0${mark}`);
  });

  test("a folder created by hand instead of a sandbox is not a sandbox", async () => {
    const dataDir = await folder();
    mkdirSync(join(dataDir, "runtime/sandboxes/half"), { recursive: true });
    writeFileSync(join(dataDir, "runtime/sandboxes/half/note"), "from a crash");
    const driver = await start({ dataDir });
    expect(await driver.list()).toEqual([]);
    expect(await (await driver.open({ id: "half" })).files.walk()).toEqual([]);
  }, 30_000);
});

/** Name of the program that a process runs. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined; // it has ended
  }
}

/** Group name of a service's data folder. */
function groupNameOf(pid: number | undefined): string {
  const name = /tesslate-[0-9a-f]{8}/.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[0];
  if (!name) throw new Error(`process ${pid} is in no group of ours`);
  return name;
}
