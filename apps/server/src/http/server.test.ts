import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Type, route } from "@tesslate/contract";
import { startHttp, rawRequest, type TestHttp } from "../testing/http.ts";

const routes = {
  get: route({
    method: "GET",
    path: "/api/thing",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "none",
    response: Type.Object({ ip: Type.String() }),
  }),
  write: route({
    method: "POST",
    path: "/api/thing",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    response: Type.Object({ user: Type.String() }),
  }),
};
const handlers = {
  get: async ({ ip }: { ip: string }) => ({ ip }),
  write: async ({ user }: { user: { username: string } }) => ({ user: user.username }),
};
let http: TestHttp;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "studio-web-"));
  await writeFile(join(root, "secret.txt"), "planted");
  const webDir = join(root, "web");
  await mkdir(join(webDir, "assets"), { recursive: true });
  await writeFile(join(webDir, "index.html"), "<!doctype html><title>Studio</title>");
  await mkdir(join(webDir, "pages/help/guides"), { recursive: true });
  for (const name of ["home", "landing", "p", "help", "help/index", "help/guides/chat"])
    await writeFile(join(webDir, "pages", `${name}.html`), `<!doctype html><title>${name}</title>`);
  await writeFile(join(webDir, "assets/app-abc.js"), "export {}");
  await writeFile(join(webDir, "favicon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
  http = await startHttp(routes, handlers, { webDir, env: { CORS_ORIGINS: "https://admin.example.com" } });
});
afterAll(async () => {
  await http[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

const withHost = (host: string, path = "/api/thing") =>
  rawRequest(http.port, `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe("the Host header", () => {
  test("must name this server, otherwise the request is refused (DNS rebinding)", async () => {
    for (const host of [
      "localhost",
      `localhost:${http.port}`,
      "LOCALHOST",
      "127.0.0.1",
      `127.0.0.1:${http.port}`,
      `[::1]:${http.port}`,
      "192.168.1.7:8000",
    ])
      expect([host, statusOf(await withHost(host))]).toEqual([host, 200]);
    for (const host of [
      "evil.example",
      `evil.example:${http.port}`,
      "localhost.evil.example",
      "1.2.3.4.example",
      "evil.localhost",
      "admin.example.com.evil",
      "",
    ])
      expect([host, statusOf(await withHost(host))]).toEqual([host, 400]);
    expect(await withHost("evil.example")).toContain('"code":"bad_request"');
    expect(statusOf(await rawRequest(http.port, "GET /api/thing HTTP/1.0\r\n\r\n"))).toBe(400);
  });
  test("of a preview is served by the previews, never by the app, also for upgrades", async () => {
    expect(await withHost(`my-app.preview.localhost:${http.port}`, "/api/thing")).toMatch(/a preview$/);
    expect(await withHost("PREVIEW.localhost")).toMatch(/a preview$/);
    const upgrade = await rawRequest(
      http.port,
      `GET /api/events HTTP/1.1\r\nhost: my-app.preview.localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`,
    );
    expect(upgrade).toMatch(/^HTTP\/1.1 418/);
    expect(http.previewed).toEqual([
      `GET my-app.preview.localhost:${http.port} /api/thing`,
      "GET PREVIEW.localhost /api/thing",
      "upgrade my-app.preview.localhost /api/events",
    ]);
  });
});

describe("CORS", () => {
  const preflight = (origin: string) =>
    fetch(`${http.url}/api/thing`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-csrf-token" },
    });
  test("allows the app and the listed origins, with credentials, by name", async () => {
    for (const origin of [http.url, "https://admin.example.com"]) {
      const response = await preflight(origin);
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-max-age": "600",
        vary: expect.stringMatching(/origin/i),
      });
      const headers = response.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
      for (const name of ["content-type", "authorization", "accept", "if-match", "last-event-id", "x-csrf-token"])
        expect(headers).toContain(name);
      const get = await fetch(`${http.url}/api/thing`, { headers: { origin } });
      expect(get.headers.get("access-control-allow-origin")).toBe(origin);
      expect(get.headers.get("access-control-expose-headers")).toBe("ETag, Idempotent-Replayed, Retry-After, X-Request-Id");
    }
  });
  test("refuses all other origins, including previews", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      `http://my-app.preview.localhost:${http.port}`,
      "https://sub.admin.example.com",
      "http://admin.example.com",
      `https://localhost:${http.port}`,
    ]) {
      const response = await preflight(origin);
      expect([origin, response.status]).toEqual([origin, 403]);
      expect(response.headers.get("access-control-allow-origin")).toBe(null);
      const get = await fetch(`${http.url}/api/thing`, { headers: { origin } });
      expect(get.headers.get("access-control-allow-origin")).toBe(null);
    }
  });
});

test("every response has the security headers", async () => {
  for (const path of ["/", "/api/thing", "/api/nowhere", "/openapi.json"]) {
    const { headers } = await fetch(http.url + path, { headers: { accept: "text/html" } });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("x-powered-by")).toBe(null);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).toContain("frame-src http://*.preview.localhost:*");
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|script-src[^;]*\*/);
    expect(headers.get("strict-transport-security")).toBe(null);
  }
  await using secure = await startHttp(routes, handlers, { env: { APP_BASE_URL: "https://studio.example.com" } });
  expect((await fetch(`${secure.url}/api/thing`)).headers.get("strict-transport-security")).toMatch(/max-age/);
});

test("a trailing slash is ignored without a redirect", async () => {
  const response = await fetch(`${http.url}/api/thing/`, { redirect: "manual" });
  expect(response.status).toBe(200);
});

test("behind a proxy the client's address is the one the proxy saw", async () => {
  const ipOf = async (d: TestHttp, forwarded: string) =>
    ((await (await fetch(`${d.url}/api/thing`, { headers: { "x-forwarded-for": forwarded } })).json()) as { ip: string }).ip;
  expect(await ipOf(http, "203.0.113.9")).toMatch(/127\.0\.0\.1|::1/);
  await using proxied = await startHttp(routes, handlers, { env: { TRUST_PROXY: "true" } });
  expect(await ipOf(proxied, "1.1.1.1, 203.0.113.9")).toBe("203.0.113.9");
});

describe("writes by cookie", () => {
  const write = (headers: Record<string, string>) => fetch(`${http.url}/api/thing`, { method: "POST", headers });
  test("need the CSRF header; with a bearer token they do not", async () => {
    expect((await write({ cookie: "tesslate_auth=ada" })).status).toBe(403);
    expect((await write({ cookie: "tesslate_auth=ada", "x-csrf-token": "csrf" })).status).toBe(200);
    expect((await write({ authorization: "Bearer ada" })).status).toBe(200);
    expect((await write({})).status).toBe(401);
  });
});

describe("the web app", () => {
  const page = (path: string, accept = "text/html") => fetch(http.url + path, { headers: { accept } });
  test("serves every page URL with revalidation, and assets for a year", async () => {
    for (const [path, title] of [
      ["/login", "Studio"],
      ["/projects/my-app", "Studio"],
      ["/pages/home", "Studio"],
      // Pages with preload links of their own.
      ["/", "landing"],
      ["/?q=a/b", "landing"],
      ["/p/my-app/code", "p"],
      ["/help/guides/chat", "help/guides/chat"],
      ["/help/guides/chat/", "help/guides/chat"],
      ["/help/guides/none", "help"],
      ["/help", "help/index"],
      ["/help?q=undo", "help"],
    ]) {
      const response = await page(path ?? "");
      expect([path, response.status, await response.text()]).toEqual([path, 200, `<!doctype html><title>${title}</title>`]);
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
    const home = await fetch(`${http.url}/`, { headers: { accept: "text/html", cookie: "tesslate_auth=ada" } });
    expect(await home.text()).toBe("<!doctype html><title>home</title>");
    const asset = await page("/assets/app-abc.js", "*/*");
    expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect((await page("/favicon.svg", "*/*")).headers.get("cache-control")).toBe("no-cache");
  });
  test("programs that take anything get the first page and the help, and JSON for what does not exist", async () => {
    expect((await page("/", "*/*")).headers.get("content-type")).toContain("text/html");
    expect((await page("/help/guides/chat", "*/*")).headers.get("content-type")).toContain("text/html");
    for (const [path, accept] of [
      ["/projects/my-app", "*/*"],
      ["/", "application/json"],
    ] as const) {
      const response = await page(path, accept);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([path, 404, expect.stringContaining("json")]);
    }
  });
  test("sends the text of the help only to those who may read it", async () => {
    await using closed = await startHttp(routes, handlers, { webDir: join(root, "web"), env: { LANDING_PAGE: "0" } });
    const titleOf = async (path: string, cookie?: string) => {
      const response = await fetch(closed.url + path, { headers: { accept: "text/html", ...(cookie && { cookie }) } });
      return /<title>(.*)<\/title>/.exec(await response.text())?.[1];
    };
    expect([await titleOf("/help"), await titleOf("/help/guides/chat")]).toEqual(["help", "help"]);
    const cookie = "tesslate_auth=ada";
    expect([await titleOf("/help", cookie), await titleOf("/help/guides/chat", cookie)]).toEqual(["help/index", "help/guides/chat"]);
  });
  test("serves nothing under /api, no missing files, and nothing outside its folder", async () => {
    for (const path of ["/api/nowhere", "/assets/no.js", "/no.css"]) expect([path, (await page(path)).status]).toEqual([path, 404]);
    for (const path of [
      "/../secret.txt",
      "/assets/../../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/assets/..%5c..%5csecret.txt",
    ])
      expect([path, await withHost("localhost", path)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 4\d\d (?!.*planted)/s)]);
    expect((await page("/login", "application/json")).status).toBe(404);
  });
});

test("the API reference loads nothing from other hosts, and lists every operation with a document of its own", async () => {
  const response = await fetch(`${http.url}/docs/`);
  expect(response.status).toBe(200);
  const html = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/https?:\/\/(?!\*\.)|validator|upgrade-insecure/);
  const files = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, file = ""]) => file);
  expect(files).toEqual(["/docs/reference.css", "/docs/reference.js"]);
  for (const file of [...files, "/docs/static/swagger-ui-bundle.js", "/docs/static/swagger-ui.css"]) {
    const answer = await fetch(http.url + file);
    expect([file, answer.status, (await answer.arrayBuffer()).byteLength > 1000]).toEqual([file, 200, true]);
  }
  expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(await (await fetch(`${http.url}/docs/reference.js`)).text()).toContain("validatorUrl: null");

  const whole = (await (await fetch(`${http.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(whole.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  const listed = [...html.matchAll(/data-id="([^"]+)"/g)].map(([, id = ""]) => id);
  expect(listed.toSorted()).toEqual(ids.toSorted());
  expect(ids.length).toBeGreaterThan(0);
  const one = await fetch(`${http.url}/docs/operations/${ids[0]}.json`);
  const part = (await one.json()) as typeof whole;
  expect([one.status, Object.values(part.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId))]).toEqual([
    200,
    [ids[0]],
  ]);
  expect((await fetch(`${http.url}/docs/operations/projects.nothing.json`)).status).toBe(404);
});
