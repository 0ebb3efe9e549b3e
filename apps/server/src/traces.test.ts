import { once } from "node:events";
import { Writable } from "node:stream";
import { createRuntime, type RuntimeDriver } from "@tesslate/runtime";
import { createRunner, type Runner } from "@tesslate/runtime/runner";
import { startOtlpReceiver, startS3Server, type OtlpReceiver, type ReceivedSpan } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { createLogger } from "./platform/logger.ts";
import { createRunnerTracing } from "./platform/runner-tracing.ts";
import { startTraces, type Traces } from "./platform/traces.ts";
import { createWorkContext } from "./platform/work-context.ts";
import { testApp, type TestApp, type TestUser } from "./testing/app.ts";
import { ended, visitHost } from "./testing/projects.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { severalServersEnv, sharedBucket, sharedRunnerToken as token } from "./testing/several-servers.ts";

/** Two servers of one installation and their runner, which export to one collector. */
const browser = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };
let collector: OtlpReceiver;
let memory: RuntimeDriver;
let runnerTraces: Traces | undefined;
let runner: Runner;
let runnerLog = "";
let objects: Awaited<ReturnType<typeof startS3Server>>;
let servers: [TestApp, TestApp];
let ada: TestUser;
let projectId: string;
let setUpId: string;
let [owner, other]: TestApp[] = [];

beforeAll(async () => {
  collector = await startOtlpReceiver();
  runnerTraces = await startTraces(
    { url: `${collector.url}/v1/traces`, protocol: "http/json", serviceName: "runner", attributes: "", ratio: 1, delayMs: 20 },
    "1.0.0",
  );
  const work = createWorkContext();
  const output = new Writable({ write: (chunk, _encoding, done) => ((runnerLog += String(chunk)), done()) });
  memory = await createRuntime({ driver: "memory", dataDir: "/nowhere" });
  runner = await createRunner({
    driver: memory,
    token,
    listen: { host: "127.0.0.1", port: 0 },
    version: "1.0.0",
    tracing: createRunnerTracing(runnerTraces, work),
    log: createLogger("debug", output, work),
    timing: { drainMs: 50 },
  });
  objects = await startS3Server(sharedBucket);
  const templatesDir = await tinyTemplates();
  const start = (database?: string) =>
    testApp({
      env: {
        ...severalServersEnv(objects, runner.url),
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_BSP_SCHEDULE_DELAY: "20",
      },
      swap: { templatesDir },
      hasConfiguredRuntime: true,
      configure: (config) => {
        config.servers.address = `http://127.0.0.1:${config.http.port}`;
      },
      ...(database !== undefined && { database }),
    });
  const first = await start();
  servers = [first, await start(first.database)];
  ada = await first.signUp();
  const created = await first.as(ada).projects.create({ body: { name: "Shop" } });
  [projectId, setUpId] = [created.id, created.task_id ?? ""];
  await ended(first, ada, setUpId);
  const { rows } = await first.studio.database.pool.query<{ address: string }>(
    "select s.address from project_owners o join servers s on s.id = o.server_id where o.project_id = $1",
    [projectId],
  );
  [owner, other] = rows[0]?.address === first.config.servers.address ? servers : servers.toReversed();
}, 60_000);
afterAll(async () => {
  for (const server of servers?.toReversed() ?? []) await server.close();
  await runner?.close();
  await runnerTraces?.close();
  await memory?.close();
  await objects?.[Symbol.asyncDispose]();
  await collector?.close();
});

const linesOf = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("one trace goes from the browser over both servers to the runner and its driver, and says nothing of what was read", async () => {
  const path = "a-secret-name.txt";
  await owner?.as(ada).files.put({ params: { id: projectId, path }, body: { content: "content of nobody's business" } });
  const response = await other?.request(`/api/projects/${projectId}/files/${path}`, {
    user: ada,
    headers: { traceparent: `00-${browser.trace_id}-${browser.span_id}-01` },
  });
  expect(response?.status).toBe(200);
  const spans = () => collector.spans.filter(({ trace_id }) => trace_id === browser.trace_id);
  const calls = () => spans().filter(({ name }) => name.startsWith("runner tree."));
  const childrenOf = ({ span_id }: { span_id: string }): ReceivedSpan[] => spans().filter(({ parent_id }) => parent_id === span_id);
  await vi.waitFor(() => {
    expect(childrenOf(browser)).toHaveLength(1);
    expect(calls().length).toBeGreaterThan(0);
    for (const call of calls()) expect(childrenOf(call).flatMap(childrenOf)).toHaveLength(1);
  }, 10_000);

  const [received] = childrenOf(browser);
  expect(received).toMatchObject({ name: "GET /api/projects/{id}/files/{path}", kind: 2, resource: { "service.name": "tesslate-studio" } });
  const forwards = childrenOf(received as ReceivedSpan).filter(({ kind, name }) => kind === 3 && name === "forward request");
  expect(forwards).toHaveLength(1);
  expect(forwards[0]?.attributes).toEqual({ "http.request.method": "GET", "server.address": `127.0.0.1:${owner?.port}` });
  const served = childrenOf(forwards[0] as ReceivedSpan);
  expect(served).toMatchObject([
    { name: "GET /api/projects/{id}/files/{path}", kind: 2, attributes: { "http.response.status_code": 200 } },
  ]);
  for (const call of calls()) {
    const method = call.name.replace("runner ", "");
    expect(call).toMatchObject({ kind: 3, parent_id: served[0]?.span_id });
    const [atRunner] = childrenOf(call);
    expect(atRunner).toMatchObject({ name: method, kind: 2, resource: { "service.name": "runner" } });
    expect(childrenOf(atRunner as ReceivedSpan)).toMatchObject([
      { name: `driver ${method}`, kind: 1, resource: { "service.name": "runner" } },
    ]);
  }
  const sent = Buffer.concat(collector.requests.map(({ body }) => body)).toString("utf8");
  for (const secret of [path, "nobody's business", ada.token, ada.email, token])
    expect([secret, sent.includes(secret)]).toEqual([secret, false]);
});

test("a request that is forwarded has one id, which is in the lines of both servers and of the runner, with user and project", async () => {
  const response = await other?.request(`/api/projects/${projectId}/files`, { user: ada });
  const request_id = response?.headers.get("x-request-id") ?? "";
  expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
  const lineOf = (text: string, msg: string) => linesOf(text).filter((line) => line["request_id"] === request_id && line["msg"] === msg);
  await vi.waitFor(() => {
    expect(lineOf(owner?.logs() ?? "", "request")).toMatchObject([{ user_id: ada.id, status: 200 }]);
    expect(lineOf(other?.logs() ?? "", "request")).toHaveLength(1);
  });
  // A key must not be there twice.
  const raw = (owner?.logs() ?? "").split("\n").find((line) => line.includes(request_id) && line.includes('"msg":"request"'));
  expect(raw?.match(/"user_id":/g)).toHaveLength(1);
  const calls = lineOf(runnerLog, "call");
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) expect(call).toMatchObject({ method: expect.any(String), user_id: ada.id, project_id: projectId });
});

test("calls of a task have its id at the runner; its trace refers to the request that created it", async () => {
  const calls = linesOf(runnerLog).filter((line) => line["task_id"] === setUpId);
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    expect(call).toMatchObject({ user_id: ada.id, project_id: projectId });
    expect(call).not.toHaveProperty("request_id");
  }
  const task = await vi.waitFor(() => {
    const found = collector.spans.find(({ attributes }) => attributes["studio.task_id"] === setUpId);
    if (!found) throw new Error("the task was not exported");
    return found;
  }, 5_000);
  const request = collector.spans.find(({ name }) => name === "POST /api/projects");
  expect(task).toMatchObject({ parent_id: undefined, kind: 5 });
  expect(task.links[0]?.trace_id).toBe(request?.trace_id);
  expect(collector.spans.some(({ trace_id, resource }) => trace_id === task.trace_id && resource["service.name"] === "runner")).toBe(true);
});

test("a socket has one span at each server, which ends with it, in the trace of its request; its ticket is in none", async () => {
  const trace_id = "1af7651916cd43dd8448eb211c80319d";
  const { ticket } = await (other as TestApp).as(ada).auth.wsTicket();
  const socket = new WebSocket(`ws://localhost:${other?.port}/api/projects/${projectId}/events/ws?ticket=${ticket}`, {
    headers: { traceparent: `00-${trace_id}-${browser.span_id}-01` },
  });
  await once(socket, "open");
  const spans = () => collector.spans.filter((span) => span.trace_id === trace_id && /^WS |^forward/.test(span.name));
  await new Promise((resolve) => setImmediate(resolve));
  expect(spans()).toEqual([]);
  socket.close();
  await vi.waitFor(() => expect(spans()).toHaveLength(3), 10_000);
  const outer = spans().find(({ parent_id }) => parent_id === browser.span_id);
  const forward = spans().find(({ name }) => name === "forward request");
  const inner = spans().find((span) => span !== outer && span !== forward);
  expect(outer).toMatchObject({ name: "WS /api/projects/{id}/events/ws", kind: 2, isFailed: false });
  expect(forward).toMatchObject({ parent_id: outer?.span_id, kind: 3 });
  expect(inner).toMatchObject({ name: "WS /api/projects/{id}/events/ws", parent_id: forward?.span_id, kind: 2 });
  const sent = Buffer.concat(collector.requests.map(({ body }) => body)).toString("utf8");
  expect(sent).not.toContain(ticket);
});

test("a request to a preview has one span with project and status, in a trace of its own; its path is in none", async () => {
  const trace_id = "2af7651916cd43dd8448eb211c80319e";
  const containers = await (owner as TestApp).as(ada).containers.list({ params: { id: projectId } });
  const url = new URL(containers.items.find(({ url: shown }) => shown !== null)?.url ?? "");
  const response = await visitHost(other as TestApp, url.host).fetch("/secret-page?of=nobody", {
    headers: { accept: "text/html", traceparent: `00-${trace_id}-${browser.span_id}-01` },
  });
  expect(response.status).toBe(401);
  const named = () => collector.spans.filter(({ name }) => name === "preview request");
  await vi.waitFor(() => expect(named()).toHaveLength(2), 10_000);
  for (const span of named())
    expect(span).toMatchObject({
      kind: 2,
      attributes: { "http.request.method": "GET", "http.response.status_code": 401, "studio.project_id": projectId },
    });
  const [outer, inner] = named().toSorted((a, b) => Number(a.parent_id !== undefined) - Number(b.parent_id !== undefined));
  expect(outer?.trace_id).not.toBe(trace_id);
  expect(inner?.trace_id).toBe(outer?.trace_id);
  const sent = Buffer.concat(collector.requests.map(({ body }) => body)).toString("utf8");
  for (const secret of ["secret-page", "nobody", trace_id]) expect([secret, sent.includes(secret)]).toEqual([secret, false]);
});
