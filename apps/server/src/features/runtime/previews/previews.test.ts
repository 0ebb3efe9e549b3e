import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Container, LogEvent, PreviewReport, Project, ProjectEvent } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import {
  asPage,
  ended,
  enterPreview,
  projectsApp,
  setUpProject,
  startedProject,
  visitHost,
  type ProjectsApp,
  type PreviewVisit,
} from "../../../testing/projects.ts";

let app: ProjectsApp;
let ada: TestUser;
let project: Project;
let container: Container;
let visit: PreviewVisit;
beforeAll(async () => {
  app = await projectsApp();
  ada = await app.signUp();
  ({ project, container } = await startedProject(app, ada));
  visit = await enterPreview(app, ada, project.id);
});
afterAll(() => app.close());

const bridge = '<script src="/__studio/bridge.js"></script>';

describe("entry", () => {
  test("a ticket created with an API key ends when its owner is deactivated", async () => {
    const { key } = await app.as(ada).auth.createApiKey({ body: { name: "preview", scopes: ["write"] } });
    const byKey = await enterPreview(app, { ...ada, token: key }, project.id);
    expect((await byKey.fetch("/headers")).status).toBe(200);
    const suspend = async (isSuspended: boolean) => {
      await app.studio.database.pool.query("update users set is_suspended = $2 where id = $1", [ada.id, isSuspended]);
      await app.studio.sessions.forgetUser(ada.id);
    };
    const { socket } = await byKey.upgrade("/ws");
    const closed = new Promise((resolve) => socket?.once("close", resolve));
    await suspend(true);
    await closed;
    expect((await byKey.fetch("/headers")).status).toBe(401);
    expect((await visit.fetch("/headers")).status).toBe(401);
    await suspend(false);
    expect((await byKey.fetch("/headers")).status).toBe(200);
  });

  test("a ticket opens the preview once, sets a host-only cookie and redirects to the path", async () => {
    const { url, expires_in } = await app
      .as(ada)
      .previews.ticket({ params: { id: project.slug }, body: { container_id: container.id, path: "/deep?x=1#part" } });
    expect(expires_in).toBe(30);
    expect(url.startsWith(`${container.url}/__studio/enter?ticket=`)).toBe(true);
    const { host, pathname, search } = new URL(url);
    const visitor = visitHost(app, host);
    const first = await visitor.fetch(pathname + search, { headers: asPage });
    expect(first).toMatchObject({ status: 303, headers: { location: "/deep?x=1", "cache-control": "no-store" } });
    expect(first.headers["set-cookie"]).toEqual([
      expect.stringMatching(/^tesslate_preview=[\w-]+\.[\w-]+; Path=\/; HttpOnly; Max-Age=43200; SameSite=None; Secure; Partitioned$/),
    ]);
    expect((await visitor.fetch(pathname + search, { headers: asPage })).status).toBe(401);
    // Used, but its bearer already has a cookie.
    visitor.cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    expect((await visitor.fetch(pathname + search, { headers: asPage })).status).toBe(303);
  });

  test.each(["//evil.example/", "/\\evil.example", "/\t/evil.example", "/.//evil.example", "https://evil.example/", "javascript:alert(1)"])(
    "never redirects to %j",
    async (path) => {
      const { url } = await app.as(ada).previews.ticket({ params: { id: project.id }, body: {} });
      const { host, pathname, searchParams } = new URL(url);
      const response = await visitHost(app, host).fetch(
        `${pathname}?ticket=${searchParams.get("ticket")}&path=${encodeURIComponent(path)}`,
      );
      expect(response.headers.location).toBe("/");
    },
  );

  test("rejects tickets of another container, invented and expired ones", async () => {
    const other = await setUpProject(app, ada, "Other");
    const { url } = await app.as(ada).previews.ticket({ params: { id: other.project.id }, body: {} });
    const { search } = new URL(url);
    expect((await visitHost(app, visit.host).fetch(`/__studio/enter${search}`)).status).toBe(401);
    expect((await visitHost(app, visit.host).fetch("/__studio/enter?ticket=invented")).status).toBe(401);
    const late = new URL((await app.as(ada).previews.ticket({ params: { id: project.id }, body: {} })).url);
    await app.studio.database.pool.query("update one_time_tokens set expires_at = now() - interval '1 second'");
    expect((await visitHost(app, visit.host).fetch(`/__studio/enter${late.search}`)).status).toBe(401);
  });

  test("invalid bodies are 422, a project without containers 400", async () => {
    const path = `/api/projects/${project.id}/preview-ticket`;
    expect((await app.request(path, { method: "POST", user: ada, json: { container_id: "nonsense" } })).status).toBe(422);
    expect((await app.request(path, { method: "POST", user: ada, json: { path: "no-slash" } })).status).toBe(422);
    expect(
      (await app.request(path, { method: "POST", user: ada, json: { container_id: "00000000-0000-4000-8000-000000000000" } })).status,
    ).toBe(404);
    expect((await app.request(path, { method: "POST", user: ada })).status).toBe(201);
  });

  test("without the cookie: 401 with a plain page; unknown hosts: 404", async () => {
    const anonymous = visitHost(app, visit.host);
    const page = await anonymous.fetch("/", { headers: asPage });
    expect(page).toMatchObject({ status: 401, headers: { "content-type": "text/html; charset=utf-8" } });
    expect(page.text).toContain("This preview is private");
    expect(page.text).not.toContain("hello");
    expect((await anonymous.fetch("/app.js")).headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect((await anonymous.upgrade("/ws")).status).toBe(401);
    expect((await visitHost(app, `unknown.preview.localhost:${app.port}`).fetch("/", { headers: asPage })).status).toBe(404);
    expect((await visitHost(app, `preview.localhost:${app.port}`).fetch("/")).status).toBe(404);
    expect((await anonymous.fetch("/", { cookie: `${visit.cookie}x` })).status).toBe(401);
    const forged = Buffer.from(JSON.stringify({ container_id: container.id, user_id: ada.id, sid: null, exp: Date.now() + 1e6 })).toString(
      "base64url",
    );
    expect((await anonymous.fetch("/", { cookie: `tesslate_preview=${forged}.${"a".repeat(43)}` })).status).toBe(401);
    // A hostile sibling host may have set a cookie of the same name.
    expect((await anonymous.fetch("/", { cookie: `tesslate_preview=junk; ${visit.cookie}` })).status).toBe(200);
  });

  test("requests after the first need no query of who may see what", async () => {
    const fetched = async () => expect((await visit.fetch("/headers")).status).toBe(200);
    await fetched();
    const queries = vi.spyOn(app.studio.database.pool, "query");
    for (let i = 0; i < 5; i++) await fetched();
    const texts = queries.mock.calls.map(([query]) => JSON.stringify(query));
    queries.mockRestore();
    expect(texts.filter((text) => /from \\?"?(?:containers|sessions|users|projects)\b/.test(text))).toEqual([]);
  });

  test("signing out closes the preview and its sockets", async () => {
    await using own = await projectsApp();
    const eve = await own.signUp();
    const made = await startedProject(own, eve, "Hers");
    const hers = await enterPreview(own, eve, made.project.id);
    expect((await hers.fetch("/")).status).toBe(200);
    const { socket } = await hers.upgrade("/ws");
    const closed = new Promise((resolve) => socket?.once("close", resolve));
    await own.request("/api/auth/logout", { method: "POST", user: eve });
    await closed;
    expect((await hers.fetch("/")).status).toBe(401);
  });
});

describe("documents", () => {
  test("documents get the bridge first in their head, in any encoding", async () => {
    const page = await visit.fetch("/", { headers: { ...asPage, "accept-encoding": "gzip, br" } });
    expect(page).toMatchObject({
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": `frame-ancestors http://localhost:${app.port}` },
    });
    expect(page.text).toBe(`<!doctype html><html><head>${bridge}<title>Tiny</title></head><body>hello</body></html>`);
    const zipped = await visit.fetch("/gzip", { headers: asPage });
    expect(zipped.headers["content-encoding"]).toBeUndefined();
    expect(zipped.text).toContain(`<head>${bridge}`);
    expect(zipped.headers.etag).toBe('"abc-ts"');
    expect((await visit.fetch("/csp", { headers: asPage })).headers["content-security-policy"]).toBe(
      `default-src 'self', frame-ancestors http://localhost:${app.port}`,
    );
  });
  test("fetched documents are unchanged", async () => {
    expect((await visit.fetch("/fragment", { headers: { accept: "text/html", "sec-fetch-dest": "empty" } })).text).toBe("<p>part</p>");
    const zipped = await visit.fetch("/gzip", { headers: { "sec-fetch-dest": "empty" } });
    expect(zipped.headers).toMatchObject({ "content-encoding": "gzip", etag: '"abc"' });
  });
  test("revalidates caches with the project's own etag", async () => {
    const first = await visit.fetch("/etag", { headers: asPage });
    expect(first.headers.etag).toBe('W/"v1-ts"');
    expect(await visit.fetch("/etag", { headers: { ...asPage, "if-none-match": 'W/"v1-ts"' } })).toMatchObject({
      status: 304,
      headers: { etag: 'W/"v1-ts"' },
      text: "",
    });
  });
  test("a HEAD response has no body and no wrong length", async () => {
    const head = await visit.fetch("/", { method: "HEAD", headers: asPage });
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", undefined]);
  });
  test("the bridge is public and contains the app's origin only", async () => {
    const script = await visitHost(app, visit.host).fetch("/__studio/bridge.js");
    expect(script).toMatchObject({ status: 200, headers: { "content-type": "text/javascript; charset=utf-8" } });
    expect(script.text).toContain(`const appOrigin = "http://localhost:${app.port}"`);
    expect(script.text).not.toContain('__APP_ORIGIN__"');
    expect((await visit.fetch("/__studio/bridge.js", { headers: { "if-none-match": script.headers.etag ?? "" } })).status).toBe(304);
    expect((await visit.fetch("/__studio/anything")).status).toBe(404);
  });
  test("the project's service worker cannot handle our paths", async () => {
    const script = await visit.fetch("/worker.js", { headers: { "service-worker": "script" } });
    expect(script.text).toMatch(/^self\.addEventListener\("fetch",.*__studio.*;self\.oninstall = /);
    expect((await visit.fetch("/worker.js")).text).toMatch(/^self\.oninstall = /);
  });
});

describe("project code", () => {
  const headersSeen = async (headers: Record<string, string>, cookie = visit.cookie) =>
    JSON.parse((await visit.fetch("/headers?a=1&b=%20", { headers, cookie })).text) as { url: string; headers: Record<string, string> };
  test("receives its own credentials, never ours", async () => {
    const seen = await headersSeen(
      { authorization: `Bearer ${ada.token}`, "x-forwarded-for": "6.6.6.6", "x-mine": "1" },
      `a=1; ${visit.cookie}; tesslate_auth=${ada.token}; b=2`,
    );
    expect(seen.url).toBe("/headers?a=1&b=%20");
    expect(seen.headers).toMatchObject({
      host: visit.host,
      cookie: "a=1; b=2",
      "x-mine": "1",
      "x-forwarded-for": expect.stringMatching(/127\.0\.0\.1$/),
      "x-forwarded-proto": "http",
      "x-forwarded-host": visit.host,
    });
    expect(seen.headers).not.toHaveProperty("authorization");
    expect(JSON.stringify(seen)).not.toContain("tesslate_");
    expect((await headersSeen({ authorization: "Bearer own-token" })).headers["authorization"]).toBe("Bearer own-token");
  });
  test("cannot set our cookies, nor cookies for other previews", async () => {
    expect((await visit.fetch("/cookie")).headers["set-cookie"]).toEqual(["mine=1; Path=/; SameSite=None; Secure; Partitioned"]);
  });
  test("streams large request bodies", async () => {
    expect((await visit.fetch("/upload", { method: "POST", body: Buffer.alloc(20 * 1024 * 1024) })).text).toBe(String(20 * 1024 * 1024));
  });
  test("streams without buffering and notices a client that disconnects", async () => {
    const logs = async () => {
      const lines: string[] = [];
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 200);
      const stream: AsyncIterable<LogEvent> = app
        .as(ada)
        .containers.logs({ params: { id: project.id, container_id: container.id } }, { signal: abort.signal });
      try {
        for await (const e of stream) lines.push(e.data.line);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      }
      return lines;
    };
    const response = await visit.open("/events");
    const chunk = await new Promise<Buffer>((resolve) => response.once("data", resolve));
    expect(String(chunk)).toBe("data: tick\n\n");
    response.destroy();
    await vi.waitFor(async () => expect(await logs()).toContain("events closed"));
  });
  test.each(["/.env", "/%2eenv", "/.git/config", "/@fs/etc/passwd?import&raw??", "/@fs/app/.env", "/..%2f.env", "/proc/self/environ?raw"])(
    "does not reveal %s",
    async (path) => {
      expect((await visit.fetch(path, { headers: asPage })).status).toBe(403);
      expect((await visit.upgrade(path)).status).toBe(403);
    },
  );
  test("other sites cannot use the owner's cookie", async () => {
    const post = (headers: Record<string, string>) => visit.fetch("/upload", { method: "POST", body: "x", headers }).then((a) => a.status);
    expect(await post({ "sec-fetch-site": "same-site" })).toBe(403);
    expect(await post({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await post({ origin: "https://evil.example" })).toBe(403);
    expect(await post({ "sec-fetch-site": "same-origin", origin: `http://${visit.host}` })).toBe(200);
    expect((await visit.upgrade("/ws", { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });
});

describe("sockets", () => {
  test("pass with query and subprotocol unchanged, without our cookie", async () => {
    const { status, headers, socket, first } = await visit.upgrade("/hmr?token=abc", {
      protocol: "vite-hmr",
      cookie: `x=1; ${visit.cookie}`,
      headers: { origin: `http://${visit.host}` },
    });
    expect(status).toBe(101);
    expect(headers).toMatchObject({ "sec-websocket-protocol": "vite-hmr", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" });
    expect(JSON.parse(first.subarray(4).toString())).toEqual({ url: "/hmr?token=abc", protocol: "vite-hmr", cookie: "x=1" });
    socket?.destroy();
  });
  test("passes on the project's rejection of an upgrade", async () => {
    expect((await visit.upgrade("/refuse")).status).toBe(426);
  });
});

describe("reports", () => {
  const report = (body: unknown, headers: Record<string, string> = {}) =>
    visit.fetch("/__studio/report", {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", "sec-fetch-site": "same-origin", ...headers },
    });
  const seen = async (count: number) => {
    const reports: PreviewReport[] = [];
    const events: AsyncIterable<ProjectEvent> = app.as(ada).projects.events({ params: { id: project.id }, query: { last_event_id: 0 } });
    for await (const e of events) {
      if (e.type === "preview_report") reports.push(e.data);
      if (reports.length === count) break;
    }
    return reports;
  };
  test("emits reports, rate limited, validated and redacted", async () => {
    await app.as(ada).secrets.set({ params: { project_id: project.id }, body: { key: "PAGE_KEY", value: "planted-in-a-page" } });
    expect(
      (
        await report([
          { kind: "console", level: "error", message: "boom planted-in-a-page", container_id: "forged", evil: 1 },
          { kind: "navigation", url: "/x" },
        ])
      ).status,
    ).toBe(204);
    expect(await seen(2)).toEqual([
      { kind: "console", level: "error", message: "boom [secret:PAGE_KEY]", container_id: container.id },
      { kind: "navigation", url: "/x", container_id: container.id },
    ]);
    for (const bad of [
      "nonsense",
      {},
      [],
      [{ kind: "floppy" }],
      [{ kind: "error", message: "x".repeat(5000) }],
      [{ kind: "error", line: "x" }],
    ])
      expect((await report(bad)).status).toBe(422);
    expect((await report("x".repeat(70_000))).status).toBe(413);
    expect((await report(Array.from({ length: 50 }, () => ({ kind: "navigation" })))).status).toBe(429);
    expect((await seen(50)).length).toBe(50);
    expect((await report([{ kind: "navigation" }])).status).toBe(429);
    expect((await report([{ kind: "navigation" }], { "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await visitHost(app, visit.host).fetch("/__studio/report", { method: "POST", body: "[]" })).status).toBe(401);
  });
});

describe("waking", () => {
  test("a request starts a stopped project and waits for it", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const made = await setUpProject(own, user, "Own");
    const page = await enterPreview(own, user, made.project.id);
    expect(await page.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    // The page is served at once; the database is updated later.
    await vi.waitFor(async () =>
      expect(await own.as(user).projects.get({ params: { id: made.project.id } })).toMatchObject({
        status: "running",
        environment_status: "active",
      }),
    );
    await own.as(user).projects.stop({ params: { id: made.project.id } });
    // As if it were idle: stops by hand have another test.
    await own.studio.database.pool.query("update projects set stop_reason = 'idle' where id = $1", [made.project.id]);
    // Hot reload of an unattended tab must not wake it.
    expect((await page.upgrade("/", { protocol: "vite-ping" })).status).toBe(503);
    expect((await page.fetch("/", { headers: { accept: "text/x-vite-ping" } })).status).toBe(503);
    expect(await own.as(user).projects.get({ params: { id: made.project.id } })).toMatchObject({ status: "stopped" });
    // Concurrent requests cause one start.
    const responses = await Promise.all(Array.from({ length: 8 }, () => page.fetch("/headers")));
    expect(responses.map((a) => a.status)).toEqual(Array(8).fill(200));
    const { items } = await own.as(user).tasks.list({ query: { project_id: made.project.id } });
    expect(items.filter((t) => t.type === "project_start")).toHaveLength(2);
  });

  test("a project stopped by hand stays stopped on visits until it is started", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const { project } = await startedProject(own, user, "Own");
    const api = own.as(user);
    const params = { id: project.id };
    const page = await enterPreview(own, user, project.id);
    await api.projects.stop({ params });
    const refused = { status: 503, text: expect.stringContaining("was stopped manually") };
    for (let i = 0; i < 3; i++) expect(await page.fetch("/", { headers: asPage })).toMatchObject(refused);
    expect(await api.projects.get({ params })).toMatchObject({ status: "stopped", stop_reason: "user" });
    // Its button starts it on behalf of the user.
    expect((await page.fetch("/__studio/start?path=/", { method: "POST" })).status).toBe(303);
    expect(await page.fetch("/", { headers: asPage })).toMatchObject({ status: 200 });
    await vi.waitFor(async () => expect(await api.projects.get({ params })).toMatchObject({ status: "running", stop_reason: null }));

    // Stopped by hand while asleep: it does not wake.
    await api.projects.stop({ params });
    await own.studio.database.pool.query("update projects set stop_reason = 'idle' where id = $1", [project.id]);
    await api.projects.stop({ params });
    expect(await api.projects.get({ params })).toMatchObject({ stop_reason: "user" });
    expect(await page.fetch("/", { headers: asPage })).toMatchObject(refused);
  });

  test("a container stopped by hand stays stopped, also when the project wakes", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const { project, container } = await startedProject(own, user, "Two");
    const api = own.as(user);
    const made = await api.containers.create({ params: { id: project.id }, body: { name: "second" } });
    await ended(own, user, made.task_id);
    const params = { id: project.id, container_id: container.id };
    const page = await enterPreview(own, user, project.id);
    const statusOf = async () => (await api.containers.get({ params })).status;
    await api.containers.stop({ params });
    expect(await page.fetch("/", { headers: asPage })).toMatchObject({
      status: 503,
      text: expect.stringContaining("was stopped manually"),
    });
    expect(await statusOf()).toBe("stopped");
    await api.projects.stop({ params });
    await own.studio.database.pool.query("update projects set stop_reason = 'idle' where id = $1", [project.id]);
    expect((await page.fetch("/", { headers: asPage })).status).toBe(503);
    expect(await statusOf()).toBe("stopped");
    await ended(own, user, (await api.projects.start({ params })).task_id).catch(() => undefined);
    expect(await statusOf()).toBe("running");
  });

  test("a failed one shows the reason, redacted, and restarts only on request", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const made = await setUpProject(own, user, "Own");
    const params = { id: made.project.id, container_id: made.container.id };
    await own.as(user).containers.update({ params, body: { env_vars_to_set: { CRASH: "5", SECRET_TOKEN: "planted-secret" } } });
    const page = await enterPreview(own, user, made.project.id);
    const shown = await page.fetch("/some/path", { headers: asPage });
    expect(shown.status).toBe(503);
    expect(shown.text).toContain("Exited with code 5.");
    expect(shown.text).toContain("cannot start: [secret:SECRET_TOKEN]");
    expect(shown.text).not.toContain("planted-secret");
    expect(shown.text).toContain('action="/__studio/start?path=%2Fsome%2Fpath"');
    expect((await page.fetch("/", { headers: asPage })).status).toBe(503);
    // A server without a connection to its runner does not know what the app does.
    own.runtime.isConnected = () => false;
    try {
      const away = await page.fetch("/some/path", { headers: asPage });
      expect([away.status, away.headers["retry-after"]]).toEqual([503, "5"]);
      expect(away.text).toContain("Projects cannot be reached at the moment");
      expect(away.text).not.toContain("Exited with code 5.");
    } finally {
      delete own.runtime.isConnected;
    }
    const starts = async () =>
      (await own.as(user).tasks.list({ query: { project_id: made.project.id } })).items.filter((t) => t.type === "project_start");
    expect(await starts()).toHaveLength(1);
    await own.as(user).containers.update({ params, body: { env_vars_to_delete: ["CRASH"] } });
    expect((await page.fetch("/__studio/start?path=/x", { method: "POST", headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    const again = await page.fetch("/__studio/start?path=/some/path", { method: "POST", headers: { "sec-fetch-site": "same-origin" } });
    expect(again).toMatchObject({ status: 303, headers: { location: "/some/path" } });
    await ended(own, user, (await starts())[0]?.id ?? null);
    expect((await page.fetch("/some/path", { headers: asPage })).text).toContain("hello");
  });

  test("a deleted one responds with 404", async () => {
    await using own = await projectsApp();
    const user = await own.signUp();
    const made = await startedProject(own, user, "Own");
    const page = await enterPreview(own, user, made.project.id);
    expect((await page.fetch("/")).status).toBe(200);
    const { task_id } = await own.as(user).projects.remove({ params: { id: made.project.id } });
    expect((await page.fetch("/", { headers: asPage })).status).toBe(404);
    await ended(own, user, task_id);
    expect((await page.fetch("/", { headers: asPage })).status).toBe(404);
  });
});
