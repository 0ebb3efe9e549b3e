import { beforeAll, describe, expect, test } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

let app: TestApp;
let owner: TestUser;
let otherUser: TestUser;
beforeAll(async () => {
  app = await testApp();
  owner = await app.signUp();
  otherUser = await app.signUp();
});

const set = (project: ProjectRow, key: string, value: string, user = owner) =>
  app.request(`/api/secrets/${project.slug}`, { method: "POST", user, json: { key, value } });
const keys = async (project: ProjectRow) =>
  (await app.as(owner).secrets.list({ params: { project_id: project.id } })).items.map((s) => s.key);

test("a secret is created, replaced, listed by name and deleted; its value is never returned", async () => {
  const project = await emptyProject(app, owner);
  const made = await set(project, "STRIPE_KEY", "sk_live_planted-1");
  expect(made.status).toBe(201);
  const body = (await made.json()) as Record<string, unknown>;
  expect(body).toEqual({ key: "STRIPE_KEY", masked: "********", created_at: expect.any(String), updated_at: expect.any(String) });
  const again = await set(project, "STRIPE_KEY", "sk_live_planted-2");
  expect(again.status).toBe(200);
  expect(await again.text()).not.toContain("planted");
  await set(project, "A_FIRST", "x");
  const list = await app.as(owner).secrets.list({ params: { project_id: project.slug }, query: { limit: 1 } });
  expect(list).toMatchObject({ items: [{ key: "A_FIRST", masked: "********" }], total: 2, page: 1, total_pages: 2 });
  expect(JSON.stringify(await app.as(owner).secrets.list({ params: { project_id: project.id } }))).not.toContain("planted");
  expect((await app.request(`/api/secrets/${project.id}/STRIPE_KEY`, { method: "DELETE", user: owner })).status).toBe(204);
  expect((await app.request(`/api/secrets/${project.id}/STRIPE_KEY`, { method: "DELETE", user: owner })).status).toBe(404);
  expect(await keys(project)).toEqual(["A_FIRST"]);
  expect(app.logs()).not.toContain("planted");
});

test("the database stores no plain text, and a row moved to another project cannot be decrypted", async () => {
  const [one, two] = [await emptyProject(app, owner), await emptyProject(app, owner)];
  await set(one, "KEY", "value-of-project-one");
  const rows = await app.db.execute<{ sealed_value: Buffer }>(sql`select sealed_value from project_secrets where project_id = ${one.id}`);
  expect(rows.rows[0]?.sealed_value.toString("latin1")).not.toContain("value-of");
  await app.db.execute(sql`update project_secrets set project_id = ${two.id} where project_id = ${one.id}`);
  await app.db.execute(
    sql`insert into containers (project_id, name, service_key, host_label, container_name) values (${two.id}, 'app', 'app', ${two.slug}, 'app')`,
  );
  const { items } = await app.as(owner).containers.list({ params: { id: two.id } });
  // Redaction has to decrypt the values: an unreadable row is an error, not an empty value.
  const logs = await app.request(`/api/projects/${two.id}/containers/${items[0]?.id}/logs`, { user: owner });
  expect([logs.status, await logs.text()]).toEqual([500, expect.stringContaining("secrets_unreadable")]);
  expect((await app.request(`/api/secrets/${two.id}/KEY`, { method: "DELETE", user: owner })).status).toBe(204);
});

test.each<[string, unknown, number, string | undefined]>([
  ["a reserved name", { key: "PATH", value: "x" }, 400, "reserved_key"],
  ["another reserved name", { key: "CONTAINER_ID", value: "x" }, 400, "reserved_key"],
  ["an invalid name", { key: "A-B", value: "x" }, 400, "invalid_secret"],
  ["a name that begins with a digit", { key: "1A", value: "x" }, 400, "invalid_secret"],
  ["a name of 129 characters", { key: "A".repeat(129), value: "x" }, 400, "invalid_secret"],
  ["an empty name", { key: "", value: "x" }, 400, "invalid_secret"],
  ["an empty value", { key: "A", value: "" }, 400, "invalid_secret"],
  ["a NUL", { key: "A", value: "a\0b" }, 400, "invalid_secret"],
  ["32 769 bytes", { key: "A", value: "ä".repeat(16_384) + "b" }, 400, "invalid_secret"],
  ["no value", { key: "A" }, 422, undefined],
  ["a number", { key: "A", value: 5 }, 422, undefined],
  ["no body", undefined, 422, undefined],
])("refuses %s", async (_name, json, status, code) => {
  const project = await emptyProject(app, owner);
  const response = await app.request(`/api/secrets/${project.id}`, { method: "POST", user: owner, json: json ?? {} });
  const body = (await response.json()) as { code?: string };
  expect([response.status, body.code]).toEqual([status, code]);
  expect(await keys(project)).toEqual([]);
});

test("accepts values of exactly 32 768 bytes, and 200 of them, also concurrently", async () => {
  const project = await emptyProject(app, owner);
  expect((await set(project, "LONG", "ä".repeat(16_384))).status).toBe(201);
  const text = Array.from({ length: 194 }, (_, i) => `I${i}=value`).join("\n");
  expect((await app.as(owner).secrets.import({ params: { project_id: project.id }, body: { text } })).created).toHaveLength(194);
  const responses = await Promise.all(Array.from({ length: 8 }, (_, i) => set(project, `K${i}`, `value-${i}`)));
  expect(responses.filter((a) => a.status === 201)).toHaveLength(5);
  const refused = responses.filter((a) => a.status === 400);
  expect(refused).toHaveLength(3);
  expect(await refused[0]?.json()).toMatchObject({ code: "secret_limit_reached" });
  // At the limit a value can still be replaced.
  expect((await set(project, "LONG", "short")).status).toBe(200);
});

describe("import", () => {
  const run = (project: ProjectRow, text: string, user = owner) =>
    app.as(user).secrets.import({ params: { project_id: project.id }, body: { text } });
  test("imports valid variables and lists refused ones by reason", async () => {
    const project = await emptyProject(app, owner);
    await set(project, "KNOWN", "old");
    const text = "export KNOWN=new\nFRESH=\"two\\nlines\" # c\nPATH=/bin\nbad-key=planted-x\nEMPTY=\nnot a line\nMULTI='a\nb'\n";
    expect(await run(project, text)).toEqual({
      created: ["FRESH", "MULTI"],
      replaced: ["KNOWN"],
      refused: [
        { key: "not", code: "invalid_line" },
        { key: "PATH", code: "reserved_key" },
        { key: "bad-key", code: "invalid_key" },
        { key: "EMPTY", code: "empty_value" },
      ],
    });
    expect(await keys(project)).toEqual(["FRESH", "KNOWN", "MULTI"]);
  });
  test("stops at 200", async () => {
    const project = await emptyProject(app, owner);
    const result = await run(project, Array.from({ length: 203 }, (_, i) => `K${i}=value`).join("\n"));
    expect(result.created).toHaveLength(200);
    expect(result.refused).toEqual(["K200", "K201", "K202"].map((key) => ({ key, code: "secret_limit_reached" })));
  });
  test("an empty text is not an error", async () => {
    const project = await emptyProject(app, owner);
    expect(await run(project, "# nothing\n")).toEqual({ created: [], replaced: [], refused: [] });
  });
});

test("a change is emitted by name on the project's stream", async () => {
  const project = await emptyProject(app, owner);
  const abort = new AbortController();
  const seen: ProjectEvent[] = [];
  const watching = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: abort.signal })) {
      seen.push(event);
      if (seen.length === 2) return;
    }
  })();
  await set(project, "EMITTED", "planted-on-the-stream");
  await app.as(owner).secrets.remove({ params: { project_id: project.id, key: "EMITTED" } });
  await watching;
  expect(seen.map((e) => [e.type, e.data])).toEqual([
    ["secrets_changed", { keys: ["EMITTED"] }],
    ["secrets_changed", { keys: ["EMITTED"] }],
  ]);
  abort.abort();
});

test("another user's secrets are 404; unauthenticated is 401", async () => {
  const project = await emptyProject(app, owner);
  await set(project, "MINE", "planted-mine");
  const paths: [string, string, unknown?][] = [
    ["GET", `/api/secrets/${project.id}`],
    ["GET", `/api/secrets/${project.slug}`],
    ["POST", `/api/secrets/${project.id}`, { key: "MINE", value: "x" }],
    ["POST", `/api/secrets/${project.id}/import`, { text: "MINE=x" }],
    ["DELETE", `/api/secrets/${project.id}/MINE`],
  ];
  for (const [method, path, json] of paths) {
    const theirs = await app.request(path, { method, user: otherUser, ...(json !== undefined && { json }) });
    const unknown = await app.request(path.replace(/\/secrets\/[^/]+/, "/secrets/no-such-project"), {
      method,
      user: otherUser,
      ...(json !== undefined && { json }),
    });
    expect([theirs.status, await theirs.text()], `${method} ${path}`).toEqual([404, await unknown.text()]);
    expect((await app.request(path, { method, ...(json !== undefined && { json }) })).status).toBe(401);
  }
  expect(await keys(project)).toEqual(["MINE"]);
});
