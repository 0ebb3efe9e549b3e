import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { startPackageRegistry } from "@tesslate/testkit";
import type { LaunchReport } from "@tesslate/contract";
import { createLogger } from "../../../platform/logger.ts";
import { artifact, fakeKeys, hostilePages, page } from "../../../testing/artifacts.ts";
import { hostPort } from "../../../testing/host-port.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createBrowsers, findChromium } from "../../agent/verify/index.ts";
import { createLaunchGate, type LaunchInput } from "./index.ts";

const chromium = await findChromium(undefined);
if ("missing" in chromium && process.env["CI"]) throw new Error(chromium.missing);
const log = createLogger("silent");
const none = { browsers: () => ({ missing: "none in this test" }) };
const browsers =
  "missing" in chromium
    ? chromium
    : createBrowsers({ chromium, dir: temporaryFolder("browsers"), limits: { maxOpen: 2, maxMemoryBytes: 1.5 * 2 ** 30 }, log });
afterAll(() => ("missing" in browsers ? undefined : browsers.close()));

const inspect = (
  input: Pick<LaunchInput, "artifact"> & Partial<LaunchInput>,
  needs: Partial<Parameters<typeof createLaunchGate>[0]> = {},
): Promise<LaunchReport> =>
  createLaunchGate({ browsers: () => browsers, log, ...needs }).inspect({
    kind: "static",
    spaFallback: false,
    secrets: [],
    settings: { blocking: ["build", "secrets"], weight_budget: 2_000_000 },
    log: () => undefined,
    signal: AbortSignal.timeout(90_000),
    ...input,
  });
const statusOf = (report: LaunchReport) => Object.fromEntries(report.rules.map(({ rule, status }) => [rule, status]));
const show = (title: string, lines: string[]) => process.stdout.write(`\n${title}\n${lines.map((line) => `  ${line}`).join("\n")}\n`);

describe.skipIf("missing" in chromium)("with a browser", () => {
  test("reports nothing for clean apps", async () => {
    const settings = { blocking: [], weight_budget: 2_000_000 };
    await using server = await startServer();
    const apps: Record<string, Partial<LaunchInput> & Pick<LaunchInput, "artifact">> = {
      "a site of several pages": {
        artifact: artifact({
          "index.html": page('<h1>Bread</h1><a href="/about">About</a> <a href="/menu/">Menu</a>', '<link rel="stylesheet" href="/s.css">'),
          "about.html": page('<h1>About</h1><a href="/?from=about">Home</a>'),
          "menu/index.html": page('<h1>Menu</h1><a href="#top">Top</a>'),
          "404.html": page("<h1>Not here</h1>"),
          "s.css": "h1 { color: #123 }",
        }),
      },
      "one page with keys that browsers may have": {
        artifact: artifact({
          "index.html": page('<div id="root"></div>', '<script type="module" src="/assets/index-1.js"></script>'),
          "assets/index-1.js": `const config = { apiKey: "${fakeKeys.google}", authDomain: "shop.firebaseapp.com", projectId: "shop" };
            const pay = "${fakeKeys.stripePublic}", base = "${fakeKeys.anon}", map = "c2a7Kq9x-public-map-token-1";
            document.querySelector("#root").innerHTML = "<h1>Shop</h1><a href='/cart'>Cart</a>" + location.pathname;`,
        }),
        spaFallback: true,
        secrets: [
          { name: "VITE_MAP_TOKEN", value: "c2a7Kq9x-public-map-token-1" },
          { name: "SUPABASE_ANON_KEY", value: fakeKeys.anon },
          { name: "STRIPE_PUBLISHABLE_KEY", value: fakeKeys.stripePublic },
          { name: "CITY", value: "Shop" },
          { name: "DB_PASSWORD", value: "password" },
          { name: "SITE_URL", value: "https://shop.example.com/" },
        ],
      },
      "one that needs other hosts": {
        artifact: artifact({
          "index.html": page(
            "<h1>News</h1><p id='n'>Loading</p>",
            `<script src="https://cdn.example/vendor.js"></script><script>addEventListener("load", () => fetch("https://api.example/news").then((r) => r.json()).catch((e) => { document.querySelector("#n").textContent = "No news: api.example is away" }))</script>`,
          ),
        }),
      },
      "one that writes about keys": {
        artifact: artifact({
          "index.html": page(
            "<h1>Manual</h1><pre>postgres://user:password@localhost:5432/app AKIAIOSFODNN7EXAMPLE sk_live_xxxxxxxxxxxxxxxxxxxxxxxx</pre>",
          ),
          "assets/jose.js": `export const isPem = (t) => t.includes("-----BEGIN ${"PRIVATE"} KEY-----"), css = "sk-circle-fade-dot sk-cube-grid-animation-delay-100";
            const url = "mongodb+srv://" + user + ":" + password + "@" + host, doc = "redis://default:changeme-please@cache.example.com";`,
          ".env.example": "API_KEY=\n",
          "logo.png": randomBytes(50_000),
          "data.json": JSON.stringify({ blob: randomBytes(100_000).toString("base64") }),
          "assets/jose.js.map": JSON.stringify({ version: 3, sources: ["a.ts"], sourcesContent: ["export const a = 1;"] }),
        }),
      },
      "a server app with its own responses": {
        artifact: artifact({
          "server.js": `const key = "${fakeKeys.stripe}"`,
          ".env": `STRIPE_KEY=${fakeKeys.stripe}\n`,
          "public/robots.txt": "Allow: /",
        }),
        kind: "server",
        server: server.port,
        secrets: [{ name: "STRIPE_KEY", value: fakeKeys.stripe }],
      },
    };
    const alarms: string[] = [];
    const lines: string[] = [];
    const reports = await Promise.all(Object.values(apps).map((app) => inspect({ settings, ...app })));
    for (const [i, name] of Object.keys(apps).entries()) {
      const report = reports[i] as LaunchReport;
      const found = report.findings.filter(({ severity }) => severity !== "info");
      lines.push(
        `${found.length} false alarms  ${name} (${report.rules.find(({ rule }) => rule === "pages")?.summary}, ${report.duration_ms} ms)`,
      );
      alarms.push(...found.map(({ rule, message }) => `${name}: ${rule}: ${message}`));
      expect(statusOf(report), JSON.stringify(report.rules)).toEqual({
        build: "passed", pages: "passed", secrets: "passed", accessibility: "passed", weight: "passed", advisories: "skipped",
      }); // prettier-ignore
    }
    show(`Clean apps: ${alarms.length} false alarms`, lines);
    expect(alarms).toEqual([]);
    expect(server.requestedPaths).toEqual(expect.arrayContaining(["/", "/home", "/api/me"]));
    // Secrets that a server sends are found in its responses.
    server.leak(`<!-- ${fakeKeys.stripe} -->`);
    const leaking = await inspect({ ...apps["a server app with its own responses"], artifact: artifact({ "server.js": "1" }) });
    expect(leaking.findings.filter(({ rule }) => rule === "secrets")).toMatchObject([
      { severity: "critical", page: "/home", message: "Visitors can read the value of STRIPE_KEY." },
      { severity: "critical", page: "/home", message: "Visitors can read a live Stripe key." },
    ]);
    expect(leaking.is_blocked).toBe(true);
  }, 90_000);

  test("blocks hostile pages and ends their visits", async () => {
    const connections: string[] = [];
    const canary = createServer((socket) => {
      connections.push("connection");
      socket.destroy();
    });
    canary.listen(0, "127.0.0.1");
    await once(canary, "listening");
    const pages = hostilePages((canary.address() as AddressInfo).port);
    const links = Object.keys(pages).map((path) => `<a href="${path}">${path}</a>`).join(" "); // prettier-ignore
    const built = artifact({
      "index.html": page(`<h1>Hostile</h1>${links}`),
      "sw.js": `self.addEventListener("install", () => fetch("http://127.0.0.1:${(canary.address() as AddressInfo).port}/sw"))`,
      ...Object.fromEntries(Object.entries(pages).map(([path, body]) => [path.slice(1), page(body)])),
    });
    const started = performance.now();
    const report = await inspect({ artifact: built });
    canary.close();
    expect(connections).toEqual([]);
    expect(performance.now() - started).toBeLessThan(60_000);
    const messages = report.findings.map((one) => `${one.page}: ${one.message}`).join("\n");
    expect(messages).toMatch(/\/popups.html: The page opens windows without being asked/);
    expect(messages).toMatch(/\/away.html: The page redirects to 127\.0\.0\.1/);
    expect(messages).toMatch(/\/endless.html: The page does not finish loading. It does not respond/);
    expect(messages).toMatch(/\/alerts.html: The page does not finish loading/);
  }, 90_000);
});

test("reports vulnerabilities from the package registry, and skips the rule when the registry does not respond", async () => {
  const lock = (name: string) => ({
    "package.json": JSON.stringify({ name: "app", version: "1.0.0", dependencies: { [name]: "1.0.0" } }),
    "package-lock.json": JSON.stringify({
      name: "app",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: {
        "": { name: "app", version: "1.0.0", dependencies: { [name]: "1.0.0" } },
        [`node_modules/${name}`]: { version: "1.0.0" },
      },
    }),
  });
  const runtime = await createRuntime({ driver: "process", dataDir: temporaryFolder("runtime"), log });
  await using good = await startPackageRegistry({
    "stale-bread": [{ severity: "critical", title: "Mould <b>spreads</b>", vulnerable_versions: "<2.0.0" }],
  });
  await using silent = await startPackageRegistry({}, { silent: true });
  const audit = async (id: string, files: Record<string, string>, auditMs = 20_000) => {
    const sandbox = await runtime.open({ id });
    for (const [path, content] of Object.entries(files)) await sandbox.files.write(`app/${path}`, content);
    const report = await inspect(
      { artifact: artifact({ "index.html": page("<h1>Bread</h1>") }), source: { sandbox, directory: "app" } },
      { ...none, auditMs },
    );
    return { ...report.rules.find(({ rule }) => rule === "advisories"), findings: report.findings };
  };
  const [found, clean, unresponsive, without] = await Promise.all([
    audit("found", { ...lock("stale-bread"), ".npmrc": `registry=${good.url}` }),
    audit("clean", { ...lock("fresh-bread"), ".npmrc": `registry=${good.url}` }),
    audit("mute", { ...lock("fresh-bread"), ".npmrc": `registry=${silent.url}` }, 1500),
    audit("without", {}),
  ]);
  await runtime.close();
  expect(good.requestedNames.toSorted()).toEqual(["fresh-bread", "stale-bread"]);
  expect(found).toMatchObject({
    status: "failed",
    findings: [{ severity: "critical", message: "stale-bread: Mould <b>spreads</b> (critical)", path: "app/package-lock.json" }],
  });
  expect(clean).toMatchObject({ status: "passed", summary: "none known", findings: [] });
  expect(unresponsive).toMatchObject({ status: "skipped", summary: expect.stringContaining("registry") });
  expect(without).toMatchObject({ status: "skipped", summary: "No npm or pnpm lock file found." });
}, 60_000);

/** A server with a redirect, a cookie and a 401 route, without compression. */
async function startServer() {
  const requestedPaths: string[] = [];
  let leaked = "";
  const server = createHttpServer((request, response) => {
    requestedPaths.push(request.url ?? "");
    response.setHeader("content-type", "text/html");
    if (request.url === "/") return response.writeHead(307, { location: "/home", "set-cookie": "a=b" }).end();
    if (request.url === "/api/me") return response.writeHead(401, { "content-type": "application/json" }).end("{}");
    return response.end(
      page(
        `<h1>Home</h1><a href="/next">Next</a> <a href="/logout">Log out</a>${leaked}<script>fetch("/api/me").then((r) => r.json())</script>`,
      ),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: hostPort({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }),
    requestedPaths,
    leak: (text: string) => void (leaked = text),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
