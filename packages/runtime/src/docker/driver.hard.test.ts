import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { importPrograms } from "@tesslate/testkit/docker-images";
import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { getPage, until } from "../conformance/observe.ts";
import { run } from "../run.ts";
import type { RuntimeDriver, Sandbox, ServiceSpec } from "../types.ts";
import { createDockerDriver, type DockerDriverOptions } from "./driver.ts";

const engine = await startDockerEngine();
/** The path of Node in images: a checkout may be under `/tmp`, which containers replace. */
const node = { from: process.execPath, to: "/usr/local/bin/node" };
afterAll(() => engine.close());

describe.skipIf(engine.reason !== undefined)(
  `the docker driver${engine.reason === undefined ? "" : ` (skipped: ${engine.reason})`}`,
  () => {
    const docker = new Docker({ socketPath: engine.host.slice("unix://".length) });
    const folders: string[] = [];
    const drivers: RuntimeDriver[] = [];
    const folder = async () => {
      const dir = await mkdtemp(join(tmpdir(), "docker-"));
      folders.push(dir);
      return dir;
    };
    const start = async (options: Partial<DockerDriverOptions> = {}) => {
      const driver = await createDockerDriver({ machine: inject("machine"), dataDir: await folder(), host: engine.host, ...options });
      drivers.push(driver);
      return driver;
    };
    afterEach(async () => {
      for (const driver of drivers.splice(0)) await driver.close();
      for (const dir of folders.splice(0)) await rm(dir, { recursive: true, force: true });
    });
    /** What the engine still has of us. */
    const left = async () => ({
      containers: (await docker.listContainers({ all: true })).map(({ Names }) => Names[0]),
      networks: (await docker.listNetworks()).map(({ Name }) => Name).filter((name) => name.startsWith("tesslate-")),
    });
    const nothing = { containers: [], networks: [] };
    const web: ServiceSpec = {
      name: "web",
      command: ["node", "-e", 'require("http").createServer((q, r) => r.end("alive")).listen(4100, "127.0.0.1")'],
      cwd: ".",
      env: {},
      port: 4100,
    };
    const get = (sandbox: Sandbox, port = 4100) => getPage(sandbox, port);
    const logs = async (sandbox: Sandbox, name: string) => {
      const lines: string[] = [];
      for await (const { line } of sandbox.logs(name)) lines.push(line);
      return lines;
    };

    test("a service whose image is not available runs from programs of the machine, with its own health check, and notes it", async () => {
      const tool = await folder();
      chmodSync(tool, 0o755);
      mkdirSync(join(tool, "bin"));
      const driver = await start({ programs: { tool } });
      expect(await driver.findPrograms(["/usr/bin/env", "/opt/tool/bin", "/opt/other"])).toEqual(["/usr/bin/env", "/opt/tool/bin"]);
      const sandbox = await driver.open({ id: "p-program" });
      const health = [
        "node",
        "-e",
        'process.exit(require("fs").existsSync("/data/ready") && require("fs").existsSync("/opt/tool/bin") ? 0 : 1)',
      ];
      const serve =
        'setTimeout(() => require("fs").writeFileSync("/data/ready", ""), 500); require("http").createServer((q, r) => r.end("from a program")).listen(4100, "127.0.0.1")';
      const volumes = [{ name: "data", path: "/data" }];
      const service: ServiceSpec = { ...web, image: "registry.invalid/nothing:1", command: [], health: ["no-such-check"], volumes };
      await sandbox.start({ ...service, program: { command: ["node", "-e", serve], health } });
      const { port } = await sandbox.ready("web", { timeoutMs: 60_000 });
      expect(await get(sandbox, port)).toBe("from a program");
      const lines: string[] = [];
      for await (const { line } of sandbox.logs("web")) lines.push(line);
      expect(lines.join("\n")).toMatch(
        /image registry\.invalid\/nothing:1 cannot be pulled: .*; it runs from programs of this machine instead/,
      );
      await sandbox.stop();
      await sandbox.start({ ...service, name: "bare" });
      await expect(sandbox.ready("bare", { timeoutMs: 60_000 })).rejects.toThrow(/cannot be pulled/);
    }, 120_000);

    test("has our own tools, and packages install from the host's registry", async ({ skip }) => {
      const sandbox = await (await start()).open({ id: "tools" });
      const inside = async (script: string) => (await sandbox.exec(["sh", "-c", script], { timeoutMs: 120_000 })).stdout.trim();
      expect(await inside("node -p 'process.version + process.execPath'; command -v npm; command -v pnpm; whoami; git --version")).toMatch(
        new RegExp(`^${process.version}/opt/studio/bin/node\n/opt/studio/bin/npm\n/opt/studio/bin/pnpm\napp\ngit version`),
      );
      if ((await sandbox.exec(["npm", "ping", "--fetch-timeout=5000", "--fetch-retries=0"])).exitCode !== 0)
        return skip("the registry does not answer from this machine");
      expect(await inside("npm init -y >/dev/null && npm install is-number && node -p 'require(\"is-number\")(5)'")).toMatch(/true$/);
    }, 120_000);

    test("closing removes everything, and no port is published", async () => {
      const driver = await start();
      const sandbox = await driver.open({ id: "a" });
      await sandbox.start(web);
      await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(await get(sandbox)).toBe("alive");
      const infos = await Promise.all((await docker.listContainers()).map(({ Id }) => docker.getContainer(Id).inspect()));
      expect(infos.map(({ Name }) => Name.replace(/^\/tesslate-[0-9a-f]{8}-\w+-/, "")).sort()).toEqual(["pod", "s-web"]);
      for (const { HostConfig, NetworkSettings, Config } of infos) {
        expect(HostConfig).toMatchObject({ Privileged: false, CapDrop: ["ALL"], ReadonlyRootfs: true, IpcMode: "private" });
        expect(HostConfig.PortBindings ?? {}).toEqual({});
        expect(Object.values(NetworkSettings.Ports).flat().filter(Boolean)).toEqual([]);
        expect(Number(Config.User?.split(":")[0])).toBeGreaterThan(1000);
        expect(HostConfig.Mounts?.some(({ Source }: { Source: string }) => Source.includes("docker.sock"))).toBe(false);
      }
      const key = /tesslate-([0-9a-f]{8})/.exec(infos[0]?.Name ?? "")?.[1];
      await driver.close();
      expect(await left()).toEqual(nothing);
      expect(await run(["nft", "list", "tables"])).not.toContain(`tesslate_${key}`);
      expect(existsSync(`/sys/fs/cgroup/pids/tesslate-${key}`)).toBe(false);
    }, 60_000);

    test("removes at the next start what ran for a deleted data folder or project", async () => {
      const dataDir = await folder();
      const lost = await createDockerDriver({ machine: inject("machine"), dataDir, host: engine.host });
      const sandbox = await lost.open({ id: "a" });
      await sandbox.start(web);
      await sandbox.ready("web", { timeoutMs: 20_000 });
      await lost.close({ leaveRunning: true });
      expect((await left()).containers).toHaveLength(2);
      rmSync(dataDir, { recursive: true });
      await (await start()).close();
      expect(await left()).toEqual(nothing);
    }, 60_000);

    test("reports a missing engine", async () => {
      await expect(
        createDockerDriver({ machine: inject("machine"), dataDir: await folder(), host: "unix:///nowhere/docker.sock" }),
      ).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/no Docker engine responds at unix:\/\/\/nowhere\/docker\.sock \(.*ENOENT/),
      });
    });

    describe("services from images", () => {
      const hasRedis = existsSync("/usr/bin/redis-server");
      beforeAll(async () => {
        // Like database images: started by root in a folder of another user.
        await importPrograms(engine.host, {
          tag: "counter:1",
          programs: [node],
          files: [
            { path: "/etc/passwd", content: "root:x:0:0::/:/bin/sh\ncounter:x:4242:4343::/:/bin/sh\n" },
            {
              path: "/count.cjs",
              content: `const fs = require("fs"), file = "/data/count";
              const n = Number(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : 0) + 1;
              fs.writeFileSync(file, String(n));
              process.on("SIGINT", () => { console.log("stopping"); process.exit(0); });
              console.log("uid", process.getuid(), process.env.GREETING, process.argv.slice(2).join());
              require("http").createServer((q, r) => r.end(String(n))).listen(4200);`,
            },
          ],
          owned: [{ path: "/data", uid: 4242 }],
          changes: [`ENTRYPOINT ["${node.to}", "/count.cjs"]`, 'CMD ["image command"]', "ENV GREETING=hello", "VOLUME /data"],
        });
        await importPrograms(engine.host, {
          tag: "named:1",
          programs: ["/usr/bin/sleep"],
          files: [{ path: "/etc/passwd", content: "svc:x:77:78::/:/bin/sh\n" }],
          changes: ["USER svc"],
        });
        await importPrograms(engine.host, {
          tag: "plain:1",
          owned: [{ path: "/filled", uid: 0, mode: 0o777 }],
          files: [{ path: "/big", content: "x".repeat(2 ** 20) }],
          programs: ["/usr/bin/sleep"],
          changes: ['CMD ["sh", "-c", "id -u; id -g; id -un; exec sleep 1000"]'],
        });
      }, 120_000);
      const counter: ServiceSpec = {
        stopSignal: "SIGINT",
        name: "counter",
        image: "counter:1",
        command: [],
        cwd: ".",
        env: {},
        port: 4200,
        volumes: [{ name: "data", path: "/data" }],
        health: ["test", "-s", "/data/count"],
      };

      test("run as their own user, keep their volume and share the project's network", async () => {
        const dataDir = await folder();
        const sandbox = await (await start({ dataDir })).open({ id: "a", hostnames: ["counter"] });
        await sandbox.start(counter);
        expect(await sandbox.ready("counter", { timeoutMs: 30_000 })).toMatchObject({ status: "running", port: 4200 });
        expect(await get(sandbox, 4200)).toBe("1");
        const reach = ["node", "-e", 'fetch("http://counter:4200").then((r) => r.text()).then(console.log)'];
        expect((await sandbox.exec(reach)).stdout).toBe("1\n");
        await sandbox.stop("counter");
        expect((await sandbox.services())[0]).toMatchObject({ status: "stopped", exitCode: 0 });
        const lines = await logs(sandbox, "counter");
        expect(lines).toContain("uid 4242 hello image command");
        expect(lines).toContain("stopping");
        await sandbox.start({ ...counter, command: ["other", "command"] });
        await sandbox.ready("counter", { timeoutMs: 30_000 });
        expect(await get(sandbox, 4200)).toBe("2");
        await until(async () => (await logs(sandbox, "counter")).includes("uid 4242 hello other,command"));
        const volume = join(dataDir, "runtime/sandboxes/a/volumes/data");
        expect(await readFile(join(volume, "count"), "utf8")).toBe("2");
        expect(statSync(volume).uid).toBe(4242);
        const before = (await sandbox.stats()).diskBytes;
        expect(before).toBeGreaterThan(0);
        await sandbox.stop();
        await sandbox.removeVolume("data");
        await sandbox.start(counter);
        await sandbox.ready("counter", { timeoutMs: 30_000 });
        expect(await get(sandbox, 4200)).toBe("1");
      }, 90_000);

      test("never run as root: by the name of their user, or as the project", async () => {
        const sandbox = await (await start()).open({ id: "a" });
        const idle = { cwd: ".", env: {}, port: 0, command: [] };
        await sandbox.start({ ...idle, name: "named", image: "named:1", command: ["sh", "-c", "id -u; id -g; exec sleep 1000"] });
        await sandbox.start({ ...idle, name: "plain", image: "plain:1" });
        for (const name of ["named", "plain"]) await sandbox.ready(name, { timeoutMs: 30_000 });
        const ids = async (name: string) =>
          until(async () => {
            const lines = (await logs(sandbox, name)).filter((line) => /^\d+$/.test(line));
            return lines.length === 2 ? lines : undefined;
          });
        expect(await ids("named")).toEqual(["77", "78"]);
        expect(Number((await ids("plain"))[0])).toBeGreaterThanOrEqual(200_000);
        await until(async () => (await logs(sandbox, "plain")).includes("app"));
      }, 60_000);

      test("count toward the project's disk with what they write outside their volumes", async () => {
        const sandbox = await (await start()).open({ id: "a", limits: { diskBytes: 64 * 2 ** 20 } });
        const filler = {
          name: "filler",
          image: "plain:1",
          command: ["sh", "-c", "i=0; while :; do i=$((i+1)); cat /big > /filled/$i; sleep 0.05; done"],
          cwd: ".",
          env: {},
          port: 0,
        };
        await sandbox.start(filler);
        await sandbox.ready("filler", { timeoutMs: 30_000 });
        const before = (await sandbox.stats()).diskBytes;
        await until(async () => (await sandbox.stats()).diskBytes > before + 2 ** 20);
        await until(async () => (await sandbox.services())[0]?.status === "stopped", 60_000);
        expect(await logs(sandbox, "filler")).toContain("ended: the project exceeds its disk limit");
      }, 90_000);

      test("that cannot be pulled fail with the reason, and nothing is left", async () => {
        const sandbox = await (await start()).open({ id: "a" });
        expect((await sandbox.start({ ...counter, image: "127.0.0.1:9/nobody/nothing:1" })).status).toBe("starting");
        await expect(sandbox.ready("counter", { timeoutMs: 30_000 })).rejects.toMatchObject({
          code: "service_failed",
          message: expect.stringMatching(/the image 127\.0\.0\.1:9\/nobody\/nothing:1 cannot be pulled: .*refused/),
        });
        expect((await sandbox.services())[0]).toMatchObject({ status: "failed", exitCode: null });
        await sandbox.start(counter);
        expect((await sandbox.ready("counter", { timeoutMs: 30_000 })).status).toBe("running");
      }, 60_000);

      test("survive the server and are adopted", async () => {
        const dataDir = await folder();
        const first = await createDockerDriver({ machine: inject("machine"), dataDir, host: engine.host });
        const before = await first.open({ id: "a" });
        await before.start(counter);
        await before.ready("counter", { timeoutMs: 30_000 });
        await first.close({ leaveRunning: true });
        const sandbox = await (await start({ dataDir })).open({ id: "a" });
        expect(await sandbox.services()).toMatchObject([{ name: "counter", status: "running", port: 4200 }]);
        expect(await get(sandbox, 4200)).toBe("1");
      }, 60_000);

      test.skipIf(!hasRedis)(
        "a real database keeps its data",
        async () => {
          await importPrograms(engine.host, {
            tag: "redis:test",
            programs: ["/usr/bin/redis-server", "/usr/bin/redis-cli"],
            owned: [{ path: "/data", uid: 999 }],
            changes: ["WORKDIR /data", "VOLUME /data", 'CMD ["redis-server"]'],
          });
          const sandbox = await (await start()).open({ id: "a" });
          const redis: ServiceSpec = {
            name: "redis",
            image: "redis:test",
            command: ["redis-server", "--appendonly", "yes", "--dir", "/data"],
            cwd: ".",
            env: {},
            port: 6379,
            volumes: [{ name: "r", path: "/data" }],
            health: ["redis-cli", "ping"],
          };
          const sendCommand = async (text: string) => {
            const script = `const s = require("net").connect(6379, "127.0.0.1", () => s.write(process.argv[1])); s.once("data", (d) => { console.log(String(d)); s.end(); })`;
            return (await sandbox.exec(["node", "-e", script, text])).stdout.trim();
          };
          await sandbox.start(redis);
          await sandbox.ready("redis", { timeoutMs: 30_000 });
          expect(await sendCommand("SET kept yes\r\n")).toBe("+OK");
          await sandbox.stop();
          await sandbox.start(redis);
          await sandbox.ready("redis", { timeoutMs: 30_000 });
          expect(await sendCommand("GET kept\r\n")).toContain("yes");
        },
        60_000,
      );
    });

    test("an image chosen by the operator brings its own programs", async () => {
      await importPrograms(engine.host, {
        tag: "operators:1",
        programs: [node, "/usr/bin/env", "/usr/bin/printenv"],
        files: [{ path: "/usr/bin/greet", content: "#!/bin/sh\necho from the image\n" }],
        changes: ["ENV COLOUR=blue"],
      });
      const driver = await start({ image: "operators:1" });
      const sandbox = await driver.open({ id: "a" });
      expect((await sandbox.exec(["greet"])).stdout).toBe("from the image\n");
      expect((await sandbox.exec(["printenv", "COLOUR"])).stdout).toBe("blue\n");
      expect((await sandbox.exec(["git", "--version"])).exitCode).toBe(127);
      await sandbox.start(web);
      await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(await get(sandbox)).toBe("alive");
    }, 60_000);

    test("connects to an engine over TCP", async () => {
      const front = createServer({ allowHalfOpen: true }, (client) => {
        const inner = connect({ path: engine.host.slice("unix://".length), allowHalfOpen: true });
        client.pipe(inner).pipe(client);
        for (const socket of [client, inner]) socket.on("error", () => {});
      }).listen(0, "127.0.0.1");
      await once(front, "listening");
      const driver = await start({ host: `tcp://127.0.0.1:${(front.address() as AddressInfo).port}` });
      const sandbox = await driver.open({ id: "a" });
      expect((await sandbox.exec(["cat"], { input: "through TCP" })).stdout).toBe("through TCP");
      await driver.close();
      drivers.pop();
      front.close();
    }, 60_000);

    test("a frozen project can be removed, and its commands end", async () => {
      const driver = await start();
      const sandbox = await driver.open({ id: "a" });
      await sandbox.start(web);
      await sandbox.ready("web", { timeoutMs: 20_000 });
      const abort = new AbortController();
      const command = sandbox.exec(["sh", "-c", "echo up; sleep 1000"], { signal: abort.signal, onOutput: () => void sandbox.freeze() });
      await until(async () => (await sandbox.services())[0]?.status === "frozen");
      abort.abort();
      expect(await command).toMatchObject({ aborted: true });
      await sandbox.freeze();
      await driver.remove("a");
      expect(await left()).toEqual(nothing);
    }, 60_000);

    test("restarting the engine ends its containers; the project starts again", async () => {
      const own = await startDockerEngine();
      try {
        const driver = await start({ host: own.host });
        const sandbox = await driver.open({ id: "a" });
        await sandbox.start(web);
        await sandbox.ready("web", { timeoutMs: 20_000 });
        await own.restart();
        await until(async () => (await sandbox.services())[0]?.status === "failed", 20_000);
        expect((await sandbox.exec(["echo", "works"], { timeoutMs: 20_000 })).stdout).toBe("works\n");
        await sandbox.start(web);
        await sandbox.ready("web", { timeoutMs: 20_000 });
        expect(await get(sandbox)).toBe("alive");
        await driver.close();
        drivers.pop();
      } finally {
        await own.close();
      }
    }, 120_000);

    test("without permission to set filters, the server uses a short-lived container", async () => {
      const driver = await start({ isIndirect: true });
      expect([driver.isolation, driver.can.privateNetwork, driver.warnings]).toEqual(["full", true, []]);
      const [sandbox, other] = [await driver.open({ id: "a" }), await driver.open({ id: "b", offline: true })];
      for (const each of [sandbox, other]) {
        await each.start(web);
        expect(await each.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: 4100 });
        // It listens on loopback only.
        expect(await get(each)).toBe("alive");
      }
      const { host } = await other.peerAddress(4100);
      const connectScript = `const [host, port] = process.argv.slice(1); require("net").connect({ host, port: +port, timeout: 3000 })
      .on("connect", () => { console.log("connected"); process.exit(); }).on("error", (e) => console.log(e.code)).on("timeout", () => process.exit());`;
      expect((await sandbox.exec(["node", "-e", connectScript, host, "4100"])).stdout).not.toContain("connected");
      const service = createServer().listen(0, "0.0.0.0");
      await once(service, "listening");
      const gateway = (await sandbox.exec(["sh", "-c", "ip route | awk '/default/ {print $3}'"])).stdout.trim();
      const answer = await sandbox.exec(["node", "-e", connectScript, gateway, String((service.address() as AddressInfo).port)]);
      service.close();
      expect([gateway !== "", answer.stdout]).toEqual([true, "ECONNREFUSED\n"]);
      expect((await other.exec(["node", "-e", connectScript, "203.0.113.1", "80"])).stdout).toBe("ENETUNREACH\n");
      expect((await sandbox.stats()).pids).toBeGreaterThan(0);
    }, 60_000);

    test("a folder created by hand instead of a sandbox is not a sandbox", async () => {
      const dataDir = await folder();
      mkdirSync(join(dataDir, "runtime/sandboxes/half"), { recursive: true });
      const driver = await start({ dataDir });
      expect(await driver.list()).toEqual([]);
      expect(await (await driver.open({ id: "half" })).files.walk()).toEqual([]);
    }, 30_000);
  },
);
