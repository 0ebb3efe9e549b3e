import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Literals, Nullable, Type, Uuid, pageQuery, route } from "@tesslate/contract";
import { RuntimeError } from "@tesslate/runtime";
import { AppError, InvalidInput, conflict, notFound } from "../platform/errors.ts";
import { startHttp, rawRequest, type TestHttp } from "../testing/http.ts";

const failures: Record<string, () => Error> = {
  app: () => conflict("chat_busy", "Busy.", { task_id: "t" }),
  missing: () => notFound("Project"),
  limited: () => new AppError("rate_limited", "Slow down.", { retryAfterSeconds: 12.2 }),
  alert: () => new AppError("storage_full", "Full."),
  unknown: () => new Error("password=hunter2 at /root/secret"),
  text: () => "not an error" as unknown as Error,
  invalid: () => new InvalidInput([{ loc: ["body", "a"], msg: "No.", type: "value_error" }]),
  runtime: () => new RuntimeError("too_large", "Too large."),
  etag: () => new RuntimeError("etag_mismatch", "Changed.", { details: { etag: '"abc"' } }),
  driver: () => new RuntimeError("aborted", "Stopped."),
  database: () => Object.assign(new Error("connect ECONNREFUSED /var/run"), { code: "ECONNREFUSED", syscall: "connect" }),
};
const routes = {
  /** Runs until the client disconnects. */
  work: route({ method: "GET", path: "/api/work", tag: "system", summary: "s", description: "d", auth: "none" }),
  fail: route({
    method: "GET",
    path: "/api/fail/{kind}",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "none",
    params: Type.Object({ kind: Type.String() }),
  }),
  create: route({
    method: "POST",
    path: "/api/things",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    status: 201,
    body: Type.Object({
      name: Type.String({ minLength: 2 }),
      size: Type.Optional(Type.Integer()),
      note: Type.Optional(Nullable(Type.String())),
      items: Type.Optional(Type.Array(Type.Object({ id: Uuid }))),
      site: Type.Optional(Type.String({ pattern: "^https?://" })),
      words: Type.Optional(Type.String({ pattern: "\\S" })),
      code: Type.Optional(Type.String({ pattern: "^[a-z]$" })),
      color: Type.Optional(Nullable(Literals("red", "green"))),
      target: Type.Optional(
        Type.Union([
          Type.Object({ kind: Type.Literal("a") }),
          Type.Object({ kind: Type.Literal("b"), size: Type.Optional(Type.Integer()) }),
        ]),
      ),
    }),
    response: Type.Object({ name: Type.String(), note: Nullable(Type.String()) }),
  }),
  maybe: route({
    method: "POST",
    path: "/api/maybe",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    bodyOptional: true,
    body: Type.Object({ force: Type.Optional(Type.Boolean()) }),
    response: Type.Object({ force: Nullable(Type.Boolean()) }),
  }),
  form: route({
    method: "POST",
    path: "/api/form",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "none",
    form: true,
    body: Type.Object({ name: Type.String() }),
    response: Type.Object({ name: Type.String() }),
  }),
  get: route({
    method: "GET",
    path: "/api/things/{id}",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    params: Type.Object({ id: Uuid }),
    query: Type.Object(pageQuery),
    response: Type.Object({ limit: Type.Integer() }),
  }),
  remove: route({
    method: "DELETE",
    path: "/api/things/{id}",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "superuser",
    status: 204,
    params: Type.Object({ id: Uuid }),
  }),
};
let http: TestHttp;
beforeAll(async () => {
  http = await startHttp(routes, {
    work: async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new RuntimeError("aborted", "Stopped.");
    },
    fail: async (_, { params }) => {
      throw failures[params.kind]?.();
    },
    create: async (_, { body }) => ({ ...body, note: body.note ?? null, secret: "not in the schema" }),
    maybe: async (_, { body }) => ({ force: body.force ?? null }),
    form: async (_, { body }) => body,
    get: async (_, { query }) => ({ limit: query.limit ?? 0 }),
    remove: async () => undefined,
  });
});
afterAll(() => http[Symbol.asyncDispose]());

const send = (path: string, init: RequestInit & { as?: string } = {}) =>
  fetch(http.url + path, {
    ...init,
    headers: { ...(init.as && { authorization: `Bearer ${init.as}` }), ...(init.headers as Record<string, string>) },
  });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  send(path, { method: "POST", as: "ada", body, headers: { "content-type": "application/json", ...headers } });
const id = "00000000-0000-4000-8000-000000000001";

test("an optional body can be absent, but not `null`", async () => {
  expect((await send("/api/maybe", { method: "POST", as: "ada" })).status).toBe(200);
  const refused = await post("/api/maybe", "null");
  expect([refused.status, await refused.json()]).toMatchObject([422, { detail: [{ loc: ["body"], msg: "must be object" }] }]);
});

describe("errors thrown by a service", () => {
  test.each([
    ["app", 409, { detail: "Busy.", code: "chat_busy", details: { task_id: "t" } }],
    ["missing", 404, { detail: "Project not found.", code: "not_found" }],
    ["limited", 429, { detail: "Slow down.", code: "rate_limited" }],
    ["alert", 507, { detail: "Full.", code: "storage_full", request_id: expect.any(String) }],
    ["unknown", 500, { detail: expect.not.stringMatching(/hunter2|secret/), code: "internal_error", request_id: expect.any(String) }],
    ["text", 500, { detail: expect.any(String), code: "internal_error", request_id: expect.any(String) }],
    ["invalid", 422, { detail: [{ loc: ["body", "a"], msg: "No.", type: "value_error" }] }],
    ["runtime", 413, { detail: "Too large.", code: "payload_too_large" }],
    ["etag", 412, { detail: "Changed.", code: "etag_mismatch", details: { etag: '"abc"' } }],
    ["driver", 500, { detail: "Stopped.", code: "internal_error", request_id: expect.any(String) }],
    ["database", 503, { detail: expect.not.stringContaining("/var/run"), code: "unavailable", request_id: expect.any(String) }],
  ])("%s is %i", async (kind, status, body) => {
    const response = await send(`/api/fail/${kind}`);
    expect([response.status, await response.json()]).toEqual([status, body]);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
  test("headers are set: Retry-After in whole seconds, ETag of the current version", async () => {
    expect((await send("/api/fail/limited")).headers.get("retry-after")).toBe("13");
    expect((await send("/api/fail/etag")).headers.get("etag")).toBe('"abc"');
  });
  test("the reason is logged with the request's id, and is not in the response", async () => {
    const response = await send("/api/fail/unknown");
    const { request_id } = (await response.json()) as { request_id: string };
    expect(request_id).toBe(response.headers.get("x-request-id"));
    const line = http
      .logs()
      .split("\n")
      .find((l) => l.includes(request_id) && l.includes('"level":"error"'));
    expect(line).toContain("request failed");
    expect(line).toContain("test.fail");
  });
});

describe("requests that the HTTP layer refuses", () => {
  test.each([
    ["a syntax error", "{", 400, "bad_request"],
    ["setting the prototype", '{"__proto__": {"x": 1}, "name": "ab"}', 400, "bad_request"],
  ])("a body that is %s", async (_, body, status, code) => {
    const response = await post("/api/things", body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });
  test("a body larger than the limit is 413, by its header or during the transfer", async () => {
    const big = JSON.stringify({ name: "x".repeat(1024 * 1024) });
    const full = await post("/api/things", big);
    expect([full.status, ((await full.json()) as { code: string }).code]).toEqual([413, "payload_too_large"]);
    const chunked = await fetch(`${http.url}/api/things`, {
      method: "POST",
      headers: { authorization: "Bearer ada", "content-type": "application/json" },
      body: new Blob([big]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });
  test.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/xml"], ["multipart/form-data; boundary=x"]])(
    "%s instead of JSON is refused, so that another site cannot send it without a preflight",
    async (type) => {
      const response = await post("/api/things", "name=ab", { "content-type": type });
      expect([415, 422]).toContain(response.status);
      if (!type.startsWith("multipart")) expect(((await response.json()) as { code: string }).code).toBe("unsupported_media_type");
    },
  );
  test("a form is accepted where the route allows one", async () => {
    const response = await send("/api/form", { method: "POST", body: new URLSearchParams({ name: "a b&c" }) });
    expect(await response.json()).toEqual({ name: "a b&c" });
  });

  test.each([
    ["a missing field", "{}", [{ loc: ["body", "name"], msg: "Field required", type: "missing" }]],
    ["a wrong type", '{"name": 5}', [{ loc: ["body", "name"], msg: "must be string", type: "type" }]],
    ["text for a number", '{"name": "ab", "size": "5"}', [{ loc: ["body", "size"], msg: "must be integer", type: "type" }]],
    ["a wrong type where null is allowed", '{"name": "ab", "note": 5}', [{ loc: ["body", "note"], msg: "must be string", type: "type" }]],
    [
      "a place deep inside",
      `{"name": "ab", "items": [{"id": "${id}"}, {"id": "x"}]}`,
      [{ loc: ["body", "items", 1, "id"], type: "format" }],
    ],
    [
      "two problems",
      '{"name": "a", "size": 1.5}',
      [{ loc: ["body", "name"], msg: "Must have at least 2 characters", type: "minLength" }, { loc: ["body", "size"] }],
    ],
    [
      "what is not written as it should be",
      '{"name": "ab", "site": "x", "words": " ", "code": "1"}',
      [
        { loc: ["body", "site"], msg: "Must start with http:// or https://", type: "pattern" },
        { loc: ["body", "words"], msg: "Must not be empty", type: "pattern" },
        { loc: ["body", "code"], msg: "Must match the pattern ^[a-z]$", type: "pattern" },
      ],
    ],
    ["no body", "", [{ loc: ["body"] }]],
    ["null", "null", [{ loc: ["body"] }]],
  ])("%s is 422 with its location", async (_, body, detail) => {
    const response = await post("/api/things", body);
    expect(response.status).toBe(422);
    const answer = (await response.json()) as { detail: unknown[] };
    expect(answer).toMatchObject({ detail });
    expect(answer.detail).toHaveLength(detail.length);
  });
  test("locations distinguish path and query", async () => {
    const locations = async (path: string) => {
      const response = await send(path, { as: "ada" });
      return [response.status, ((await response.json()) as { detail: { loc: unknown }[] }).detail.map((d) => d.loc)];
    };
    expect(await locations("/api/things/x")).toEqual([422, [["path", "id"]]]);
    expect(await locations(`/api/things/${id}?limit=0`)).toEqual([422, [["query", "limit"]]]);
    expect(await locations(`/api/things/${id}?limit=many`)).toEqual([422, [["query", "limit"]]]);
    expect(await locations(`/api/things/${id}?limit=501`)).toEqual([422, [["query", "limit"]]]);
    expect(await locations(`/api/things/${id}?skip=0&page=1`)).toEqual([422, [["query", "page"]]]);
    expect(await (await send(`/api/things/${id}`, { as: "ada" })).json()).toEqual({ limit: 50 });
  });
  test("an optional body can be absent, but not invalid", async () => {
    const bare = await send("/api/maybe", { method: "POST", as: "ada" });
    expect([bare.status, await bare.json()]).toEqual([200, { force: null }]);
    expect(await (await post("/api/maybe", "")).json()).toEqual({ force: null });
    expect(await (await post("/api/maybe", '{"force": true}')).json()).toEqual({ force: true });
    expect((await post("/api/maybe", '{"force": "yes"}')).status).toBe(422);
    expect((await post("/api/maybe", "[]")).status).toBe(422);
    // Like `curl -d ''`; with content it is a form.
    const byForm = (body: string) => post("/api/maybe", body, { "content-type": "application/x-www-form-urlencoded" });
    const empty = await byForm("");
    expect([empty.status, await empty.json()]).toEqual([200, { force: null }]);
    expect((await byForm("force=true")).status).toBe(415);
  });

  test("unknown paths are 404 with the standard body; undeclared response fields are removed", async () => {
    for (const path of ["/nowhere", "/api/nowhere", "/api"]) {
      const response = await send(path, { as: "ada" });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "not_found"]);
    }
    const created = await post("/api/things", '{"name": "ab"}');
    expect([created.status, await created.json()]).toEqual([201, { name: "ab", note: null }]);
  });
  test("a known path with a wrong method is 405 with the allowed ones, also without a session", async () => {
    const answered = async (path: string, method: string) => {
      const response = await fetch(http.url + path, { method });
      const text = await response.text();
      return [response.status, response.headers.get("allow"), text && (JSON.parse(text) as { code: string; detail: string })];
    };
    expect(await answered("/api/things", "GET")).toEqual([
      405,
      "POST",
      { code: "method_not_allowed", detail: "GET is not allowed here. Allowed: POST.", details: { allowed: ["POST"] } },
    ]);
    expect(await answered(`/api/things/${id}/`, "PUT")).toMatchObject([405, "DELETE, GET, HEAD", { code: "method_not_allowed" }]);
    expect((await answered("/api/things", "HEAD"))[0]).toBe(405);
    expect((await answered(`/api/things/${id}/more`, "PUT"))[0]).toBe(404);
  });
  test("unknown fields are 422 with their location and the allowed fields", async () => {
    const detailOf = async (response: Response) => [response.status, ((await response.json()) as { detail: unknown }).detail];
    const names = "name, size, note, items, site, words, code, color, target";
    expect(await detailOf(await post("/api/things", '{"name": "ab", "naem": 1, "is_admin": true}'))).toEqual([
      422,
      ["naem", "is_admin"].map((field) => ({
        loc: ["body", field],
        msg: `Unknown field. Allowed fields: ${names}`,
        type: "unknown_field",
      })),
    ]);
    expect(await detailOf(await post("/api/things", `{"name": "ab", "items": [{"id": "${id}", "of": 1}]}`))).toEqual([
      422,
      [{ loc: ["body", "items", 0, "of"], msg: "Unknown field. Allowed fields: id", type: "unknown_field" }],
    ]);
    expect(await detailOf(await send(`/api/things/${id}?limt=5`, { as: "ada" }))).toEqual([
      422,
      [{ loc: ["query", "limt"], msg: "Unknown parameter. Allowed parameters: limit, skip, page", type: "unknown_field" }],
    ]);
    // A route without a schema accepts no fields.
    expect(await detailOf(await send(`/api/things/${id}?force=true`, { method: "DELETE", as: "root" }))).toEqual([
      422,
      [{ loc: ["query", "force"], msg: "Unknown parameter. No parameters are allowed here", type: "unknown_field" }],
    ]);
    const body = await send(`/api/things/${id}`, {
      method: "DELETE",
      as: "root",
      body: '{"force": true}',
      headers: { "content-type": "application/json" },
    });
    expect(await detailOf(body)).toEqual([
      422,
      [{ loc: ["body", "force"], msg: "Unknown field. No fields are allowed here", type: "unknown_field" }],
    ]);
    // In a union only the errors of the matching option are reported.
    expect(await detailOf(await post("/api/things", '{"name": "ab", "target": {"kind": "b", "size": 1, "of": 1}}'))).toEqual([
      422,
      [{ loc: ["body", "target", "of"], msg: "Unknown field. Allowed fields: kind, size", type: "unknown_field" }],
    ]);
  });
  test("errors of enums name the values", async () => {
    const messages = async (body: string) =>
      ((await (await post("/api/things", body)).json()) as { detail: { msg: string }[] }).detail.map(({ msg }) => msg);
    expect(await messages('{"name": "ab", "color": "blue"}')).toEqual(["Must be one of: red, green"]);
    expect(await messages('{"name": "ab", "target": {"kind": "c"}}')).toEqual(["Must be one of: a, b"]);
  });
  test("unauthenticated calls are 401 before any validation; a normal user gets 403 on administrator routes", async () => {
    const anonymous = await fetch(`${http.url}/api/things`, { method: "POST", body: "{", headers: { "content-type": "application/json" } });
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await send("/api/things/x")).status).toBe(401);
    expect((await send(`/api/things/${id}`, { method: "DELETE", as: "ada" })).status).toBe(403);
    const removed = await send(`/api/things/${id}`, { method: "DELETE", as: "root" });
    expect([removed.status, await removed.text()]).toEqual([204, ""]);
  });
  test.each([
    ["a malformed URL", "GET /api/fail/%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", 400],
    ["a request that is not HTTP", "hello\r\n\r\n", 400],
    ["huge headers", `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(70_000)}\r\n\r\n`, 431],
    [
      "an invalid content length",
      "POST /api/form HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: x\r\n\r\n",
      400,
    ],
  ])("%s is answered with the standard error body", async (_, text, status) => {
    const answer = await rawRequest(http.port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toEqual({ detail: expect.any(String), code: "bad_request" });
  });
});

test("a request aborted by the client is not logged as an error", async () => {
  const client = new AbortController();
  const left = fetch(`${http.url}/api/work`, { signal: client.signal });
  setTimeout(() => client.abort(), 50);
  await expect(left).rejects.toThrow();
  await vi.waitFor(() => expect(http.logs()).toMatch(/"route":"test.work".*"aborted":true/));
  expect((await send("/api/fail/app")).status).toBe(409);
  expect(http.logs()).not.toMatch(/"level":"error"[^\n]*test\.work/);
});
