import { randomUUID } from "node:crypto";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import type { ApiKeyScope } from "@tesslate/contract";
import { call, say } from "@tesslate/testkit";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { chatWorld } from "../../../testing/chat.ts";

/** The official MCP client. */
async function connect(app: TestApp, token: string) {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }) as Parameters<Client["connect"]>[0],
  );
  const run = async (name: string, args: Record<string, unknown> = {}) => {
    const { isError = false, structuredContent } = await client.callTool({ name, arguments: args });
    return { isError, ...(structuredContent as Record<string, unknown>) };
  };
  return { client, run, [Symbol.asyncDispose]: () => client.close() };
}
const keyOf = async (app: TestApp, user: TestUser, scopes: ApiKeyScope[]) =>
  (await app.as(user).auth.createApiKey({ body: { name: "mcp", scopes, edit_mode: "allow" } })).key;

test("an MCP client can use its own projects within its scopes, and gets 404 for others", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "b.txt", content: "b" }), say("Written.")] });
  const { app, owner, project } = world;
  await app.as(owner).secrets.set({ params: { project_id: project.id }, body: { key: "TOKEN", value: "a-hidden-value-1234" } });
  await using mcp = await connect(app, await keyOf(app, owner, ["write", "run"]));
  const { tools } = await mcp.client.listTools();
  expect(tools).toHaveLength(19);
  expect(tools.find((tool) => tool.name === "read_file")?.annotations).toMatchObject({ readOnlyHint: true });

  expect(await mcp.run("list_projects")).toMatchObject({ isError: false, total: 1, projects: [{ id: project.id }] });
  expect(await mcp.run("get_project", { project_id: project.slug })).toMatchObject({ id: project.id, containers: [] });
  expect(await mcp.run("write_file", { project_id: project.id, path: "src/a.txt", content: "one\ntwo a-hidden-value-1234" })).toMatchObject(
    {
      created: true,
    },
  );
  const read = await mcp.run("read_file", { project_id: project.id, path: "src/a.txt", first_line: 2 });
  expect(read).toMatchObject({ content: "two [secret:TOKEN]", total_lines: 2, is_cut: false });
  // The marker is replaced with the value, not stored as text.
  await mcp.run("write_file", { project_id: project.id, path: "src/a.txt", content: "two [secret:TOKEN]!", etag: read["etag" as never] });
  expect(await world.read("src/a.txt")).toBe("two a-hidden-value-1234!");
  expect(await mcp.run("write_file", { project_id: project.id, path: "src/a.txt", content: "x", etag: "old" })).toMatchObject({
    isError: true,
    code: "etag_mismatch",
  });
  expect(await mcp.run("list_files", { project_id: project.id, under: "src" })).toMatchObject({
    files: [{ path: "src/" }, { path: "src/a.txt" }],
    is_complete: true,
  });
  expect(await mcp.run("search_files", { project_id: project.id, query: "two" })).toMatchObject({
    matches: [{ path: "src/a.txt", line: 1, text: "two [secret:TOKEN]!" }],
  });
  expect(await mcp.run("get_preview", { project_id: project.id })).toMatchObject({ previews: [] });
  expect(await mcp.run("start_project", { project_id: project.id })).toMatchObject({ isError: true, code: "no_containers" });
  expect(await mcp.run("create_snapshot", { project_id: project.id, label: "Before" })).toMatchObject({ label: "Before" });
  expect(await mcp.run("list_snapshots", { project_id: project.id })).toMatchObject({ snapshots: [{ label: "Before" }] });

  expect(await mcp.run("deploy_project", { project_id: project.id, provider: "local" })).toMatchObject({ code: "no_containers" });

  const started = await mcp.run("run_agent", { project_id: project.id, message: "Write b.txt", edit_mode: "allow" });
  expect(started).toMatchObject({ isError: false, edit_mode: "allow" });
  const task_id = started["task_id" as never];
  expect(await mcp.run("get_run", { task_id, wait_seconds: 20 })).toMatchObject({ status: "completed", final_response: "Written." });
  expect(await mcp.run("cancel_run", { task_id })).toMatchObject({ status: "not_running" });
  expect(await world.read("b.txt")).toBe("b");

  expect(await mcp.run("no_such_tool")).toMatchObject({ isError: true, code: "not_found" });
  expect(await mcp.run("read_file", { project_id: project.id })).toMatchObject({ isError: true, detail: [{ type: "required" }] });
  expect(await mcp.run("read_file", { project_id: project.id, path: "../../etc/passwd" })).toMatchObject({ isError: true });

  // Another user's project and an unknown id get the same answer.
  const otherUser = await app.signUp();
  await using other = await connect(app, await keyOf(app, otherUser, ["write", "run"]));
  expect(await other.run("list_projects")).toMatchObject({ total: 0 });
  const calls: [string, Record<string, unknown>][] = [
    ["get_project", {}],
    ["list_files", {}],
    ["read_file", { path: "src/a.txt" }],
    ["write_file", { path: "src/a.txt", content: "mine" }],
    ["search_files", { query: "two" }],
    ["get_preview", {}],
    ["get_logs", { container_id: randomUUID() }],
    ["start_project", {}],
    ["stop_project", {}],
    ["list_snapshots", {}],
    ["create_snapshot", {}],
    ["run_agent", { message: "Go" }],
    ["deploy_project", { provider: "local" }],
    ["list_deployments", {}],
  ];
  for (const [name, more] of calls) {
    const refused = await other.run(name, { project_id: project.id, ...more });
    expect([name, refused]).toMatchObject([name, { isError: true, code: "not_found" }]);
    expect(refused).toEqual(await other.run(name, { project_id: randomUUID(), ...more }));
  }
  expect(await other.run("get_run", { task_id })).toMatchObject({ isError: true, code: "not_found" });

  await using reader = await connect(app, await keyOf(app, owner, ["read"]));
  expect((await reader.client.listTools()).tools.map((tool) => tool.name)).not.toContain("write_file");
  expect(await reader.run("write_file", { project_id: project.id, path: "c", content: "c" })).toMatchObject({ code: "scope_missing" });
  expect(await reader.run("run_agent", { project_id: project.id, message: "Go" })).toMatchObject({ code: "scope_missing" });
  await using person = await connect(app, owner.token);
  expect((await person.client.listTools()).tools).toHaveLength(19);

  const bad = await app.request("/mcp", { method: "POST", json: {}, headers: { authorization: "Bearer tsk_nobody" } });
  expect([bad.status, bad.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  await expect(connect(app, "tsk_nobody")).rejects.toThrow("unauthorized");
  const stream = await app.request("/mcp", { user: owner });
  expect([stream.status, stream.headers.get("allow")]).toEqual([405, "POST"]);
});
