import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { getPage, until } from "../conformance/observe.ts";
import type { RuntimeDriver, Sandbox } from "../types.ts";

import { openSandboxDriver, unavailableHere } from "./availability.ts";

const reason = unavailableHere();

describe.skipIf(reason !== undefined)(`the sandboxes' network${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let dataDir: string;
  let driver: RuntimeDriver | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "network-"));
  });
  afterEach(async () => {
    await driver?.close();
    driver = undefined;
    await rm(dataDir, { recursive: true, force: true });
  });
  const key = () =>
    createHash("sha256")
      .update(realpathSync(join(dataDir, "runtime")))
      .digest("hex")
      .slice(0, 8);
  const cable = () => `/sys/class/net/ts-${key()}`;
  const namespaces = () => readdirSync("/run/netns").filter((name) => name.startsWith(`tesslate-${key()}-`));
  const serve = async (sandbox: Sandbox) => {
    const script = 'require("http").createServer((q, r) => r.end("alive")).listen(4100, "127.0.0.1")';
    await sandbox.start({ name: "web", command: ["node", "-e", script], cwd: ".", env: {}, port: 4100 });
    await sandbox.ready("web", { timeoutMs: 20_000 });
  };
  const get = (sandbox: Sandbox) => getPage(sandbox, 4100);

  test("links and addresses of the host do not change while sandboxes are opened and removed", async ({ skip }) => {
    const watch = watchLinks();
    try {
      driver = await openSandboxDriver({ dataDir });
      if (driver.isolation !== "full") return skip(`this machine reaches ${driver.isolation}, not full`);
      const ours = `ts-${key()}`;
      // The link's creation was seen, so the watch works.
      await until(() => watch.lines().some((line) => line.includes(ours) && line.includes("LOWER_UP")));
      const before = watch.lines().length;
      // With the prepared ones, without the hub.
      await until(() => namespaces().length > 4, 20_000);
      const sandbox = await driver.open({ id: "seen" });
      await serve(sandbox);
      expect(await get(sandbox)).toBe("alive");
      const script = 'require("net").connect(80, "10.0.0.1").on("error", () => console.log("refused"))';
      expect((await sandbox.exec(["node", "-e", script])).stdout).toBe("refused\n");
      await sandbox.stop();
      await serve(sandbox);
      for (let i = 0; i < 6; i++) await (await driver.open({ id: `further-${i}` })).exec(["true"]);
      const offline = await driver.open({ id: "offline", offline: true });
      await serve(offline);
      expect(await get(offline)).toBe("alive");
      for (const id of ["seen", "offline", "further-0"]) await driver.remove(id);
      await driver.close();
      driver = undefined;
      // Its removal is seen too, so nothing earlier is pending.
      await until(() => watch.lines().some((line) => line.startsWith("Deleted") && line.includes(ours)));
      // Links and bridges of other drivers and engines may change on this machine.
      const foreign = new RegExp(`\\b(?:ts-?(?!${key().slice(0, 5)})|veth)[0-9a-f]{5}`);
      const isGoing = (line: string) => line.includes(ours) && (line.startsWith("Deleted") || line.includes("@NONE"));
      const lines = watch.lines().slice(before);
      expect(lines.filter((line) => !foreign.test(line) && !isGoing(line))).toEqual([]);
    } finally {
      watch.stop();
    }
  }, 60_000);

  test("the next process adopts the link and the sandboxes on it; closing removes both", async ({ skip }) => {
    driver = await openSandboxDriver({ dataDir });
    if (driver.isolation !== "full") return skip(`this machine reaches ${driver.isolation}, not full`);
    await serve(await driver.open({ id: "kept" }));
    const index = () => readFileSync(`${cable()}/ifindex`, "utf8");
    const before = index();
    await driver.close({ leaveRunning: true });
    driver = await openSandboxDriver({ dataDir });
    expect(index()).toBe(before);
    const kept = await driver.open({ id: "kept" });
    expect(await get(kept)).toBe("alive");
    expect((await kept.exec(["node", "-e", 'fetch("http://127.0.0.1:4100").then((r) => console.log(r.status))'])).stdout).toBe("200\n");
    await driver.close();
    driver = undefined;
    expect(existsSync(cable())).toBe(false);
    expect(namespaces()).toEqual([]);
  }, 60_000);

  test("a sandbox reaches its peers, also after a restart of this process, and nobody else does", async ({ skip }) => {
    driver = await openSandboxDriver({ dataDir });
    if (!driver.can.privateNetwork) return skip("sandboxes share the host's network at this level");
    await serve(await driver.open({ id: "data" }));
    const ask = async (id: string, peers: string[]) => {
      const sandbox = await (driver as RuntimeDriver).open({ id, peers });
      const { host, port } = await (await (driver as RuntimeDriver).open({ id: "data" })).peerAddress(4100);
      const script = `fetch("http://${host}:${port}").then((r) => r.text()).then(console.log, () => console.log("refused"))`;
      return (await sandbox.exec(["node", "-e", script])).stdout.trim();
    };
    expect(await ask("app", ["data"])).toBe("alive");
    expect(await ask("other", [])).toBe("refused");
    await driver.close({ leaveRunning: true });
    driver = await openSandboxDriver({ dataDir });
    expect(await ask("other", [])).toBe("refused");
    expect(await ask("app", ["data"])).toBe("alive");
    expect(await ask("app", [])).toBe("refused");
  }, 60_000);

  test("an address without a sandbox refuses connections at once", async ({ skip }) => {
    driver = await openSandboxDriver({ dataDir });
    if (driver.isolation !== "full") return skip(`this machine reaches ${driver.isolation}, not full`);
    const sandbox = await driver.open({ id: "gone" });
    await serve(sandbox);
    expect(await get(sandbox)).toBe("alive");
    const { host, port } = await sandbox.peerAddress(4100);
    await driver.remove("gone");
    await expect(fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(5_000) })).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED" },
    });
  }, 60_000);
});

/** The kernel's messages about links and addresses in the host's namespace, one per line. */
function watchLinks() {
  const child = spawn("ip", ["-o", "monitor", "link", "address"], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { lines: () => output.split("\n").filter(Boolean), stop: () => child.kill() };
}
