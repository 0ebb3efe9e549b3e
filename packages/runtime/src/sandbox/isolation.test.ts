import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { getPage } from "../conformance/observe.ts";
import type { RuntimeDriver, Sandbox } from "../types.ts";
import { openSandboxDriver, unavailableHere } from "./availability.ts";

const reason = unavailableHere();

/** The basic guarantees. Every known escape is tried in `escape.hard.test.ts`. */
describe.skipIf(reason !== undefined)(`the context of a sandbox${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let dataDir: string;
  let driver: RuntimeDriver;
  let sandbox: Sandbox;
  let other: Sandbox;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "context-"));
    driver = await openSandboxDriver({ dataDir });
    sandbox = await driver.open({ id: "attacker", limits: { memoryBytes: 96 * 2 ** 20, pids: 32, diskBytes: 16 * 2 ** 20 } });
    other = await driver.open({ id: "victim" });
    await other.files.write("secret.txt", "canary-of-the-other-project", { mode: 0o644 });
  }, 60_000);
  afterAll(async () => {
    await driver?.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);
  const sh = (script: string) => sandbox.exec(["sh", "-c", script], { timeoutMs: 20_000 });

  test("files of the host and of another project are not visible", async () => {
    for (const path of [dataDir, "/root", "/home", `${dataDir}/runtime/sandboxes/victim/files/secret.txt`, "/etc/shadow", "/run/netns"])
      expect([path, (await sh(`ls -a '${path}' | grep -v '^\\.*$' | grep -vx app`)).stdout]).toEqual([path, ""]);
    expect(
      (await sh("grep -rl canary-of-the-other-project / --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr 2>/dev/null")).stdout,
    ).toBe("");
    expect((await sh("touch /usr/x /etc/x /opt/studio/x")).exitCode).not.toBe(0);
  });

  test("only its own processes are visible, without privileges", async () => {
    const { stdout } = await sh("cat /proc/[0-9]*/comm | sort -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; id -u");
    const lines = stdout.trim().split("\n");
    expect(lines).toEqual(expect.arrayContaining(["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]));
    expect(lines.filter((line) => /^[a-z]/.test(line)).every((name) => ["bwrap", "sh", "cat", "sort"].includes(name))).toBe(true);
    expect(lines.at(-1)).not.toBe("0");
    for (const call of ["unshare -U true", "mount -t tmpfs x /tmp", "nsenter -t 1 -m id"])
      expect([call, (await sh(call)).exitCode]).not.toEqual([call, 0]);
  });

  test("the host's network, private addresses and other projects do not respond", async ({ skip }) => {
    if (!driver.can.privateNetwork) return skip(`this machine reaches ${driver.isolation}: ${inject("machine").sandbox.networkReason}`);
    const server = createServer((_, response) => response.end("canary-of-the-host")).listen(0, "0.0.0.0");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const own = Object.values(networkInterfaces()).flatMap((each) =>
      (each ?? []).filter(({ family, internal }) => family === "IPv4" && !internal),
    );
    await other.start({
      name: "web",
      command: ["node", "-e", 'require("http").createServer((q, r) => r.end("victim")).listen(4000, "0.0.0.0")'],
      cwd: ".",
      env: {},
      port: 4000,
    });
    await other.ready("web", { timeoutMs: 20_000 });
    const victim = await other.peerAddress(4000);
    expect(await getPage(other, 4000)).toBe("victim");
    const targets: [string, number][] = [
      ["127.0.0.1", port],
      ...own.slice(0, 3).map(({ address }): [string, number] => [address, port]),
      ["169.254.169.254", 80],
      ["10.0.0.1", 80],
      ["203.0.113.1", 25],
      [victim.host, victim.port],
    ];
    // All at once, in one program. A filter that rejects responds: silence would be a missing route on this machine.
    const script = `for (const [host, port] of JSON.parse(process.argv[1])) {
      const s = require("net").connect({ host, port, timeout: 5000 });
      const report = (what) => () => { console.log(host, port, what()); s.destroy(); };
      s.on("connect", report(() => "connected")).on("timeout", report(() => "silence")).on("error", (e) => report(() => e.code)());
    }`;
    const { stdout } = await sandbox.exec(["node", "-e", script, JSON.stringify(targets)]);
    server.close();
    expect(stdout.trim().split("\n").sort()).toEqual(targets.map(([host, to]) => `${host} ${to} ECONNREFUSED`).sort());
    await other.stop();
  });

  test("memory, processes and files are limited", async ({ skip }) => {
    expect((await sh("dd if=/dev/zero of=/app/big bs=1M count=40 status=none; true")).exitCode).toBe(0);
    expect((await sandbox.files.stat("big"))?.size).toBe(16 * 2 ** 20);
    await sandbox.files.remove("big");
    if (!driver.can.limits) return skip("no limits at this level");
    const hog = await sandbox.exec(["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(16 << 20, 1))"], { timeoutMs: 20_000 });
    expect([hog.timedOut, hog.exitCode]).toEqual([false, 137]);
    const forks = await sh("for i in $(seq 100); do sleep 5 & done 2>&1; jobs | wc -l");
    expect(forks.stdout + forks.stderr).toMatch(/fork/i);
    expect((await sandbox.exec(["echo", "fine"])).stdout).toBe("fine\n");
  });
});
