import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOtlpReceiver, type OtlpReceiver } from "@tesslate/testkit";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { eventually } from "../../../testing/chat.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

let collector: OtlpReceiver;
let app: SandboxApp;
let owner: TestUser;
let project: ProjectRow;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  app = await sandboxApp({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_BSP_SCHEDULE_DELAY: "20" },
  });
  owner = await app.signUp();
  project = await emptyProject(app, owner);
});
afterAll(async () => {
  await app?.close();
  await collector?.close();
});

/** Verb and table of each statement of a request. */
async function statementsOf(path: string, options: Parameters<SandboxApp["request"]>[1] = {}): Promise<string[]> {
  const trace = randomBytes(16).toString("hex");
  const headers = { traceparent: `00-${trace}-${randomBytes(8).toString("hex")}-01` };
  expect((await app.request(path, { ...options, headers, user: owner })).ok).toBe(true);
  const spans = () => collector.spans.filter(({ trace_id }) => trace_id === trace);
  // The span of the request ends after those of its statements.
  await eventually(() => spans().some(({ kind }) => kind === 2));
  return spans().flatMap(({ kind, name }) => (kind === 3 ? [name] : []));
}

test("reading a file takes one statement, writing it one more: the project with what refuses the change, then the event", async () => {
  const path = `/api/projects/${project.id}/files/a.txt`;
  const write = () => statementsOf(path, { method: "PUT", json: { content: "a" } });
  // The first write also notes the activity, at most once per 15 s.
  await write();
  const statements = {
    write: await write(),
    read: await statementsOf(path),
    tree: await statementsOf(`/api/projects/${project.id}/file-tree`),
  };
  const counts = Object.fromEntries(Object.entries(statements).map(([name, list]) => [name, list.length]));
  expect(counts, JSON.stringify(statements)).toEqual({ write: 2, read: 1, tree: 1 });
});
