import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, say, startOtlpReceiver, type OtlpReceiver } from "@tesslate/testkit";
import { chatWorld, eventually, type ChatWorld } from "../../../testing/chat.ts";
import { testApp } from "../../../testing/app.ts";

const token = "metrics-token-of-the-tests-0123456789";
const prompt = "a prompt that no collector may see";
let collector: OtlpReceiver;
let world: ChatWorld;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  world = await chatWorld({
    script: [call("write_file", { file_path: "a.txt", content: "content that no collector may see" }), say("Done.")],
    env: {
      METRICS_TOKEN: token,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=collector%20key",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
  });
  await world.run(prompt);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await collector?.close();
});

test("Prometheus metrics: requests by template, errors, streams, runs, model calls, tokens, jobs, sandboxes, disk, pool, event loop", async () => {
  const { app, owner, project } = world;
  const stream = new AbortController();
  const events = await app.request(`/api/projects/${project.id}/events`, {
    headers: { authorization: `Bearer ${owner.token}` },
    signal: stream.signal,
  });
  expect(events.status).toBe(200);
  await app.as(owner).projects.get({ params: { id: project.id } });
  await app.request("/api/no-such-route");
  const response = await app.request("/metrics", { headers: { authorization: `Bearer ${token}` } });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
  const text = await response.text();
  expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/api/projects/{id}",status="200"}');
  expect(text).toContain('http_request_duration_seconds_count{method="GET",route="unmatched",status="404"}');
  expect(text).toMatch(/^http_errors_total\{code="not_found"\} [1-9]/m);
  expect(text).toMatch(/^http_streams_open\{route="\/api\/projects\/\{id\}\/events"\} 1$/m);
  expect(text).toMatch(/^studio_users_connected 1$/m);
  expect(text).toMatch(/^studio_task_duration_seconds_count\{type="agent_execution",outcome="completed"\} 1$/m);
  expect(text).toMatch(/^studio_model_call_duration_seconds_count\{provider="openai",outcome="completed"\} [1-9]/m);
  expect(text).toMatch(/^studio_model_first_token_seconds_count\{provider="openai"\} [1-9]/m);
  expect(text).toMatch(/^studio_model_tokens_total\{provider="openai",direction="input"\} [1-9]/m);
  expect(text).toMatch(/^studio_sandboxes\{state="(running|stopped)"\} [1-9]/m);
  expect(text).toMatch(/^studio_disk_free_bytes [1-9]/m);
  expect(text).toMatch(/^studio_servers\{version="[^"]+",state="serving"\} 1$/m);
  expect(text).toMatch(/^studio_server_clock_offset_seconds -?\d/m);
  // It runs projects itself.
  expect(text).not.toMatch(/^studio_runner_(up|info)\{/m);
  for (const name of [
    "studio_jobs",
    "studio_jobs_oldest_seconds",
    "studio_mail_waiting",
    "database_pool_connections",
    "database_pool_waiting",
    "nodejs_eventloop_lag_seconds",
    "studio_info",
  ])
    expect(text).toMatch(new RegExp(`^${name}[ {]`, "m"));
  stream.abort();
  await eventually(async () => {
    const later = await (await app.request("/metrics", { headers: { authorization: `Bearer ${token}` } })).text();
    return later.includes("studio_users_connected 0");
  });
  expect(text).toMatch(/^studio_source_up\{source="database"\} 1$/m);
  expect(text).not.toContain(project.id);
});

test("the dashboard and the alerts in deploy/ query metrics that exist, with their labels' values", async () => {
  const response = await world.app.request("/metrics", { headers: { authorization: `Bearer ${token}` } });
  const types = new Map([...(await response.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  const deploy = join(import.meta.dirname, "../../../../../../deploy");
  const dashboard = await readFile(join(deploy, "grafana/tesslate-studio.json"), "utf8");
  for (const text of [dashboard, await readFile(join(deploy, "prometheus/alerts.yml"), "utf8")]) {
    const names = text.match(/\b(?:http|studio|nodejs|process|database)_[a-z0-9_]+/g) ?? [];
    expect(names.length).toBeGreaterThan(10);
    const exists = (name: string) => types.has(name) || types.get(name.replace(/_(bucket|count|sum)$/, "")) === "histogram";
    expect(names.filter((name) => !exists(name))).toEqual([]);
  }
  const monitoring = await readFile(join(deploy, "../docs/operations/monitoring.md"), "utf8");
  const ours = [...types.keys()].filter((name) => /^(http|studio|database)_/.test(name));
  expect(ours.filter((name) => !monitoring.includes(`\`${name}\``))).toEqual([]);
});

test.skipIf(!existsSync("/usr/bin/promtool"))("promtool accepts the alerts, and each fires when it should", async () => {
  const run = promisify(execFile);
  const cwd = join(import.meta.dirname, "../../../../../../deploy/prometheus");
  await run("/usr/bin/promtool", ["check", "rules", "alerts.yml"], { cwd });
  await run("/usr/bin/promtool", ["test", "rules", "alerts.test.yml"], { cwd });
});

test("metrics are available to administrators and with the token, and 404 for others", async () => {
  const { app, owner } = world;
  const missing = await (await app.request("/no-such-route")).text();
  const admin = await app.signUp({ admin: true });
  const { key } = await app.as(admin).auth.createApiKey({ body: { name: "k", scopes: ["read", "write"] } });
  const getWith = async (authorization?: string) => {
    const response = await app.request("/metrics", { headers: { ...(authorization !== undefined && { authorization }) } });
    return response.status === 200 ? 200 : [response.status, await response.text()];
  };
  expect(await getWith(`Bearer ${admin.token}`)).toBe(200);
  for (const authorization of [undefined, "Bearer wrong", `Bearer ${token}x`, `Basic ${token}`, `Bearer ${owner.token}`, `Bearer ${key}`])
    expect([authorization, await getWith(authorization)]).toEqual([authorization, [404, missing]]);
});

test("without a token local requests are allowed where projects have a separate network, but not forwarded ones", async () => {
  const { noRuntime } = await import("../../../testing/runtime.ts");
  await using walled = await testApp({ swap: { runtime: { ...noRuntime(), isolation: "full" } } });
  expect((await walled.request("/metrics")).status).toBe(200);
  for (const headers of [{ "x-forwarded-for": "203.0.113.9" }, { forwarded: "for=203.0.113.9" }, { origin: "http://x.preview.localhost" }])
    expect((await walled.request("/metrics", { headers: headers as unknown as Record<string, string> })).status).toBe(404);
  await using open = await testApp();
  expect((await open.request("/metrics")).status).toBe(404);
});

test("a run is traced: the request's span, statements, model and tool calls; without prompts, contents and secrets", async () => {
  const { spans, requests } = collector;
  const find = (name: RegExp) => spans.find((span) => name.test(span.name));
  await eventually(() => find(/^invoke_agent$/) && find(/^POST \/api\/chat\/stream$/));
  const run = find(/^invoke_agent$/);
  const models = spans.filter(({ name }) => name === "chat openai/scripted");
  const tool = find(/^execute_tool write_file$/);
  expect(models.length).toBeGreaterThanOrEqual(2);
  for (const span of [...models, tool]) expect(span).toMatchObject({ trace_id: run?.trace_id, parent_id: run?.span_id, isFailed: false });
  expect(models[0]).toMatchObject({
    kind: 3,
    attributes: { "gen_ai.request.model": "openai/scripted", "gen_ai.usage.input_tokens": expect.any(Number) },
  });
  expect(tool?.attributes).toMatchObject({ "gen_ai.tool.name": "write_file" });
  const request = find(/^POST \/api\/chat\/stream$/);
  expect(request).toMatchObject({ kind: 2, attributes: { "http.route": "/api/chat/stream", "http.response.status_code": 200 } });
  const statements = spans.filter(({ trace_id, name }) => trace_id === request?.trace_id && /^(select|insert|update) /.test(name));
  expect(statements.length).toBeGreaterThan(3);
  expect(spans[0]?.resource).toMatchObject({ "service.name": "tesslate-studio", "deployment.environment": "test" });
  expect(requests[0]).toMatchObject({ path: "/v1/traces", headers: { "x-api-key": "collector key" } });
  const sent = Buffer.concat(requests.map(({ body }) => body)).toString("utf8");
  for (const secret of [prompt, "content that no collector", world.owner.email, world.owner.token, "sk-planted", token, "a.txt"])
    expect([secret, sent.includes(secret)]).toEqual([secret, false]);
});

test("a request continues its caller's trace if the header is valid and sampled", async () => {
  const { app } = world;
  const getWith = (traceparent: string, path: string) => app.request(path, { headers: { traceparent } });
  const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  await getWith(`00-${trace}-${span}-01`, "/health");
  await getWith(`00-${"0af7651916cd43dd8448eb211c80319d"}-${span}-00`, "/health");
  const wrong = [
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-x`,
    "none",
  ];
  for (const traceparent of wrong) await getWith(traceparent, "/api/themes");
  const of = (route: string) => collector.spans.filter(({ attributes }) => attributes["http.route"] === route);
  await eventually(() => of("/health").length > 0 && of("/api/themes").length === wrong.length);
  expect(of("/health")).toMatchObject([{ trace_id: trace, parent_id: span }]);
  for (const one of of("/api/themes")) {
    expect(one.trace_id).not.toBe(trace);
    expect(one.parent_id ?? "").toBe("");
  }
});

test("exports protobuf by default, and nothing when disabled", async () => {
  await using other = await startOtlpReceiver();
  await using on = await testApp({ env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${other.url}/custom`, OTEL_BSP_SCHEDULE_DELAY: "20" } });
  await on.request("/health");
  await eventually(() =>
    other.requests.find(({ path, headers }) => path === "/custom" && headers["content-type"] === "application/x-protobuf"),
  );
  const count = other.requests.length;
  await using off = await testApp({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: other.url, OTEL_SDK_DISABLED: "true" } });
  expect(off.config.traces).toBeUndefined();
  expect(count).toBeGreaterThan(0);
});
