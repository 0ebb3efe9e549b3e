import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { packageProblem } from "./browser-package.ts";

/** A registry with a package of that name and version, but other content. */
async function startRegistry() {
  const dir = temporaryFolder("package");
  mkdirSync(join(dir, "package/bin"), { recursive: true });
  writeFileSync(join(dir, "package/package.json"), JSON.stringify({ name: "@sparticuz/chromium", version: "153.0.0" }));
  writeFileSync(join(dir, "package/bin/chromium.br"), "not a browser");
  execFileSync("tar", ["-czf", join(dir, "it.tgz"), "-C", dir, "package"]);
  const archive = readFileSync(join(dir, "it.tgz"));
  let isThere = false;
  const server: Server = createServer(({ url = "" }, response) => {
    if (!isThere) return response.writeHead(404, { "content-type": "application/json" }).end("{}");
    if (url.endsWith(".tgz")) return response.writeHead(200).end(archive);
    const { port } = server.address() as AddressInfo;
    const dist = {
      tarball: `http://127.0.0.1:${port}/it.tgz`,
      integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
      shasum: createHash("sha1").update(archive).digest("hex"),
    };
    const version = { name: "@sparticuz/chromium", version: "153.0.0", dist };
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ name: version.name, "dist-tags": { latest: "153.0.0" }, versions: { "153.0.0": version } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("npm_config_registry", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("npm_config_cache", join(dir, "cache"));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { publish: () => (isThere = true) };
}
const closers: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) close();
});

/** A server on a machine without a browser. */
const open = (env: Record<string, string>) =>
  testApp({
    env,
    configure: (config) => {
      config.verify.usualBrowsers = [];
      config.runtime.preparationRetryMs = [300];
    },
  });
const waitFor = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
const problem = packageProblem();

test("without a browser administrators see what is missing, and a declined one is not downloaded", async () => {
  await using app = await open({ BROWSER_DOWNLOAD: "0" });
  const admin = await app.signUp({ admin: true });
  const { items } = await app.as(admin).adminPreparation.list();
  expect(items.find(({ id }) => id === "browser")).toMatchObject({
    state: "off",
    note: expect.stringContaining("The agent can't check apps in a browser, and the launch gate can't open pages."),
    error: null,
  });
  expect((await app.as(admin).agents.tools()).items.map(({ name }) => name)).not.toContain("verify");
});

test.skipIf(problem !== undefined)(
  `a package that is not there or not the expected one is refused with the reason${problem === undefined ? "" : ` (skipped: ${problem})`}`,
  async () => {
    const registry = await startRegistry();
    await using app = await open({ BROWSER_DOWNLOAD: "1" });
    const admin = await app.signUp({ admin: true });
    const browser = async () => (await app.as(admin).adminPreparation.list()).items.find(({ id }) => id === "browser");
    await waitFor(async () =>
      expect(await browser()).toMatchObject({
        state: "failed",
        error: "The package @sparticuz/chromium@153.0.0 could not be downloaded with npm.",
        log: expect.arrayContaining([expect.stringContaining("404")]),
      }),
    );
    registry.publish();
    await waitFor(async () =>
      expect((await browser())?.error).toBe(
        "The package @sparticuz/chromium@153.0.0 of this registry is not the one that this version of the server expects.",
      ),
    );
    // Declined: no further attempt, also after a restart.
    expect(await app.as(admin).adminPreparation.remove({ params: { id: "browser" } })).toMatchObject({
      state: "off",
      next_attempt_at: null,
    });
  },
  60_000,
);
