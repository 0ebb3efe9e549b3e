import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProcessDriver } from "../../process/driver.ts";
import type { RuntimeDriver, Sandbox } from "../../types.ts";

const dataDir = mkdtempSync(join(tmpdir(), "looks-"));
let driver: RuntimeDriver;
let sandbox: Sandbox;
beforeAll(async () => {
  driver = await createProcessDriver({ dataDir });
  sandbox = await driver.open({ id: "idle" });
});
afterAll(async () => {
  await driver.remove("idle");
  await driver.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
/** `/?to=PORT` makes it listen there instead: at once, printing that with `&print`, or 500 ms after printing it with `&early`. */
const mover = `
  const http = require("node:http");
  let server;
  const open = (port, isPrinted) => {
    server = http.createServer(serve).listen(port, "127.0.0.1", () => isPrinted && console.log("on " + port));
  };
  const serve = (incoming, response) => {
    const url = new URL(incoming.url, "http://x"), to = url.searchParams.get("to");
    response.end("ok", () => {
      if (!to) return;
      server.close();
      server.closeAllConnections();
      if (!url.searchParams.has("early")) return open(Number(to), url.searchParams.has("print"));
      console.log("moving to " + to);
      setTimeout(() => open(Number(to), false), 500);
    });
  };
  open(Number(process.env.PORT), true);`;

test("detects a new port after output and on demand; an idle service costs nothing", async () => {
  const [first, second, third, fourth] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const request = (port: number, query: string) => fetch(`http://127.0.0.1:${port}/${query}`).then((response) => response.text());
  await sandbox.start({ name: "web", command: ["node", "-e", mover], cwd: ".", env: { PORT: String(first) }, port: first });
  expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: first });

  await request(first, `?to=${second}&print`);
  await expect.poll(async () => (await sandbox.services())[0]?.port).toBe(second);
  await request(second, `?to=${third}`);
  await expect.poll(() => request(third, "").catch(() => undefined)).toBe("ok");
  expect(await sandbox.ready("web", { timeoutMs: 20_000 })).toMatchObject({ status: "running", port: third });
  await request(third, `?to=${fourth}&early`);
  await expect.poll(async () => (await sandbox.services())[0]?.port).toBe(fourth);

  // Its last output is processed.
  await sleep(1_500);
  const before = process.threadCpuUsage();
  await sleep(5_000);
  const { user, system } = process.threadCpuUsage(before);
  // Two reads of the kernel's connection table would take longer.
  expect((user + system) / 1000).toBeLessThan(15);
}, 60_000);
