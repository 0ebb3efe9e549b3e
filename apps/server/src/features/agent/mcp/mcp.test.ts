import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { NewMcpServer, RunEvent } from "@tesslate/contract";
import { call, say, startMcpServer, stdioMcpServer, turn } from "@tesslate/testkit";
import { answer, chatWorld, find, collect, type ChatWorldOptions } from "../../../testing/chat.ts";

const quick: ChatWorldOptions["configure"] = (config) => void (config.mcp = { connectMs: 5_000, callMs: 2_000 });
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: { status: number; code: string }) => `${error.status} ${error.code}`,
  );
const results = (events: RunEvent[]) =>
  events.flatMap((event) => (event.type === "agent_step" ? event.data.tool_results : [])) as unknown as {
    success: boolean;
    tool: string;
    error?: string;
    result?: { content?: string };
    images?: unknown[];
  }[];

test("only the owner can store, test, change and remove MCP servers", async () => {
  await using fake = await startMcpServer();
  await using world = await chatWorld({ env: { OUTBOUND_ALLOW_HOSTS: fake.host }, configure: quick });
  const { app, owner, project } = world;
  const api = app.as(owner).mcp;
  const create = (more: Partial<NewMcpServer> = {}) =>
    api.create({
      body: {
        name: "My Docs!",
        transport: "http",
        url: `${fake.url}?key=in-the-query`,
        headers: { Authorization: "Bearer header-secret-1" },
        ...more,
      },
    });
  const made = await create();
  expect(made).toMatchObject({
    slug: "my-docs",
    url: fake.url,
    header_names: ["Authorization"],
    auth: "none",
    tools: [],
    project_id: null,
  });
  expect((await create({ project_id: project.slug })).project_id).toBe(project.id);
  expect((await create()).slug).toBe("my-docs-2");
  expect((await api.list({ query: {} })).total).toBe(2);
  expect((await api.list({ query: { project_id: project.id } })).total).toBe(1);

  const tested = await api.test({ params: { id: made.id }, body: {} });
  expect(tested.problem).toBeNull();
  expect(tested.tools.map((tool) => tool.name)).toContain("echo");
  expect(tested.tools.find((tool) => tool.name === "look")?.is_read_only).toBe(true);
  expect(fake.calls.at(-1)?.authorization).toBe("Bearer header-secret-1");

  await api.update({
    params: { id: made.id },
    body: { headers: { Authorization: null, "X-Key": "other-secret-22" }, trusts_read_only: true },
  });
  // Changing the address resets the stored state.
  const moved = await api.update({ params: { id: made.id }, body: { url: `${fake.url}/other` } });
  expect(moved).toMatchObject({ header_names: ["X-Key"], tools: [], trusts_read_only: false });

  for (const [body, code] of [
    [{ url: "http://127.0.0.1:9/" }, "400 outbound_refused"],
    [{ url: "http://169.254.169.254/" }, "400 outbound_refused"],
    [{ url: null }, "422 validation_error"],
    [{ transport: "stdio" }, "422 validation_error"],
    [{ headers: { "Bad Name": "x" } }, "422 validation_error"],
    [{ headers: { Good: "a\r\nb" } }, "422 validation_error"],
    [{ slug: "my-docs" }, "409 conflict"],
    [{ project_id: randomUUID() }, "404 not_found"],
  ] as const)
    expect([body, await refusal(create(body))]).toEqual([body, code]);

  const otherUser = app.as(await app.signUp()).mcp;
  for (const id of [made.id, randomUUID()]) {
    expect(await refusal(otherUser.update({ params: { id }, body: { name: "Mine" } }))).toBe("404 not_found");
    expect(await refusal(otherUser.test({ params: { id }, body: {} }))).toBe("404 not_found");
    expect(await refusal(otherUser.authorize({ params: { id } }))).toBe("404 not_found");
    expect(await refusal(otherUser.forget({ params: { id } }))).toBe("404 not_found");
    expect(await refusal(otherUser.remove({ params: { id } }))).toBe("404 not_found");
  }
  expect(await refusal(otherUser.list({ query: { project_id: project.id } }))).toBe("404 not_found");
  const { rows } = await app.studio.database.pool.query<{ text: string }>("select row_to_json(m)::text as text from mcp_servers m");
  for (const hidden of ["header-secret-1", "other-secret-22", "in-the-query"]) {
    expect(rows.map(({ text }) => text).join()).not.toContain(hidden);
    expect(JSON.stringify((await api.list({ query: {} })).items)).not.toContain(hidden);
    expect(app.logs()).not.toContain(hidden);
  }
  await api.remove({ params: { id: made.id } });
  expect((await api.list({ query: {} })).total).toBe(1);
});

test("a run uses MCP tools; a server that hangs, floods, crashes, misreports or redirects fails only its own calls", async () => {
  await using fake = await startMcpServer();
  await using trap = await startMcpServer();
  await using away = await startMcpServer({ redirectTo: trap.url });
  await using silent = await startMcpServer({ isSilent: true });
  const one = (tool: string, parameters: object = {}) => call(`mcp__fake__${tool}`, parameters as Record<string, unknown>);
  await using world = await chatWorld({
    script: [
      turn(one("echo", { text: "hi" }), one("echo", { text: 5 })),
      turn(one("hang"), one("flood"), one("die"), one("look")),
      turn(one("refuse"), one("nonsense"), one("long"), one("lie", { a: 1, b: { c: 2 } })),
      turn(call("mcp__older__look", { a: 1 }), call("mcp__older__hang", {})),
      turn(call("mcp__local__greet", {}), call("mcp__local__die", {}), call("mcp__local__flood", {}), call("mcp__local__greet", {})),
      say("Done."),
    ],
    env: { OUTBOUND_ALLOW_HOSTS: [fake.host, away.host, silent.host].join(",") },
    configure: quick,
  });
  const { app, owner, project } = world;
  const create = (name: string, body: Partial<NewMcpServer>) =>
    app.as(owner).mcp.create({ body: { name, transport: "http", ...body } as NewMcpServer });
  await create("fake", { url: fake.url, headers: { Authorization: "Bearer header-secret-1" } });
  await create("away", { url: away.url });
  await create("silent", { url: silent.url });
  await create("older", { transport: "sse", url: fake.sseUrl });
  await world.sandbox.files.write("server.mjs", stdioMcpServer);
  await create("local", {
    transport: "stdio",
    command: ["node", "server.mjs"],
    env: { WORD: "hidden-word-77" },
    project_id: project.id,
  });

  const events = await world.run("Use them all");
  expect(find(events, "complete")?.data.success).toBe(true);
  const outcome = results(events).map(({ success, error, result }) => (success ? result?.content : error));
  expect(results(events)[0]?.images).toMatchObject([{ name: "image 1 of mcp__fake__echo", mime_type: "image/png", width: 20, height: 10 }]);
  expect(outcome).toEqual([
    expect.stringMatching(/^\{"text":"hi"\} for .*\[secret:.*\n\[image 1 of mcp__fake__echo\]$/),
    expect.stringContaining("text must be string"),
    "fake: The server did not respond within 2 s.",
    expect.stringMatching(/^fake: /),
    expect.stringMatching(/^fake: /),
    "look: {}",
    "No.",
    expect.stringMatching(/^fake: /),
    expect.stringContaining("characters left out"),
    'lie: {"a":1,"b":{"c":2}}',
    'look: {"a":1}',
    "older: The server did not respond within 2 s.",
    "Hello [secret:local/WORD] from /app",
    expect.stringMatching(/^local: The server exited with code 3.*out of luck/s),
    expect.stringMatching(/^local: The server sent a message that is too large|^local: The server sent too much data/),
    "Hello [secret:local/WORD] from /app",
  ]);
  expect(trap.calls).toEqual([]);
  const prompt = JSON.stringify(world.model.requests);
  expect(prompt).toContain("The server silent cannot be used now: The server did not respond within 5 s.");
  expect(prompt).toContain("The server away cannot be used now");
  for (const hidden of ["header-secret-1", "hidden-word-77"]) {
    expect(prompt).not.toContain(hidden);
    expect(JSON.stringify(events)).not.toContain(hidden);
    expect(app.logs()).not.toContain(hidden);
  }
});

test("MCP tools ask for approval like built-in tools; in plan mode only tools trusted as read-only run", async () => {
  await using fake = await startMcpServer();
  await using world = await chatWorld({
    script: [
      turn(call("mcp__fake__look", {}), call("mcp__fake__echo", { text: "a" })),
      say("Done."),
      turn(call("mcp__fake__look", {}), call("mcp__fake__echo", { text: "a" })),
      say("Done."),
      turn(call("mcp__fake__look", {}), call("mcp__fake__echo", { text: "a" })),
      say("Done."),
    ],
    env: { OUTBOUND_ALLOW_HOSTS: fake.host },
    configure: quick,
  });
  const { app, owner } = world;
  const { id } = await app.as(owner).mcp.create({ body: { name: "fake", transport: "http", url: fake.url } });
  const refused = results(await world.run("Plan", { edit_mode: "plan" }));
  expect(refused.map(({ success }) => success)).toEqual([false, false]);
  expect(fake.calls.filter(({ method }) => method === "tools/call")).toEqual([]);

  await app.as(owner).mcp.update({ params: { id }, body: { trusts_read_only: true } });
  expect(results(await world.run("Plan", { edit_mode: "plan" })).map(({ success }) => success)).toEqual([true, false]);

  const stream = collect(world.send("Go", { edit_mode: "ask" }));
  const question = await stream.until("approval_required");
  expect(question.data).toMatchObject({ tool_name: "mcp__fake__echo", tool_description: "fake: Says it again." });
  await answer(world, owner, question.data.approval_id, "deny");
  expect(results(await stream.ended).map(({ success }) => success)).toEqual([true, false]);

  // "Allow all" applied to this server, not to another server that later takes its name.
  const { pool } = app.studio.database;
  await pool.query(`update chats set allowed_tools = '["mcp__fake__echo", "mcp__fake2__echo", "write_file"]'`);
  await app.as(owner).mcp.update({ params: { id }, body: { name: "Still the same" } });
  expect((await pool.query<{ n: number }>("select jsonb_array_length(allowed_tools) n from chats")).rows).toEqual([{ n: 3 }]);
  await app.as(owner).mcp.update({ params: { id }, body: { url: `${fake.url}?elsewhere`, is_enabled: false } });
  const { rows } = await pool.query<{ allowed_tools: string[] }>("select allowed_tools from chats");
  expect(rows).toEqual([{ allowed_tools: ["mcp__fake2__echo", "write_file"] }]);

  await world.run("Again");
  expect(world.model.requests.at(-1)?.request?.tools ?? []).not.toContain("mcp__fake__look");
});

test("signing in to a server works once, and only in the browser that started it; tokens are encrypted", async () => {
  await using fake = await startMcpServer({ token: "the-access-token-1" });
  await using strict = await startMcpServer({ token: "the-access-token-3", client: { id: "our-client", secret: "our-client-secret" } });
  await using world = await chatWorld({ env: { OUTBOUND_ALLOW_HOSTS: `${fake.host},${strict.host}` }, configure: quick });
  const { app, owner } = world;
  const api = app.as(owner).mcp;
  const { id } = await api.create({ body: { name: "Locked", transport: "http", url: fake.url } });
  expect(await api.test({ params: { id }, body: {} })).toMatchObject({
    auth: "needed",
    problem: "The server requires you to sign in.",
    tools: [],
  });

  const authorization = await app.request(`/api/mcp/servers/${id}/authorize`, { method: "POST", user: owner, json: {} });
  const cookie = authorization.headers.get("set-cookie")?.split(";")[0] ?? "";
  const { authorize_url } = (await authorization.json()) as { authorize_url: string };
  expect(authorize_url).not.toContain("verifier");
  const back = (await fetch(authorize_url, { redirect: "manual" })).headers.get("location") ?? "";
  const openCallback = async (headers: Record<string, string>, user?: typeof owner) =>
    (await app.request(back.replace(/^https?:\/\/[^/]+/, ""), { headers, ...(user && { user }) })).headers.get("location");
  expect(await openCallback({})).toMatch(/sign_in=failed/);
  expect(await openCallback({ cookie }, await app.signUp())).toMatch(/sign_in=failed/);
  expect(await openCallback({ cookie }, owner)).toMatch(/sign_in=done/);
  expect(await openCallback({ cookie }, owner)).toMatch(/sign_in=failed/);

  const tested = await api.test({ params: { id }, body: {} });
  expect(tested).toMatchObject({ auth: "authorized", problem: null });
  expect(tested.tools.length).toBeGreaterThan(3);
  const { rows } = await app.studio.database.pool.query<{ text: string }>("select row_to_json(m)::text as text from mcp_servers m");
  // An expired token is refreshed without the person.
  fake.renewToken("the-access-token-2");
  expect(await api.test({ params: { id }, body: {} })).toMatchObject({ auth: "authorized", problem: null });
  for (const hidden of ["the-access-token-1", "the-access-token-2", "a-refresh-token"]) {
    expect(rows[0]?.text).not.toContain(hidden);
    expect(app.logs()).not.toContain(hidden);
  }
  await api.forget({ params: { id } });
  expect((await api.test({ params: { id }, body: {} })).auth).toBe("needed");

  // A server without dynamic client registration gets the configured client id.
  const other = await api.create({ body: { name: "Strict", transport: "http", url: strict.url } });
  const params = { id: other.id };
  expect(await refusal(api.authorize({ params }))).toBe("502 bad_gateway");
  const oauth_client = { client_id: "our-client", client_secret: "our-client-secret" };
  expect((await api.update({ params, body: { oauth_client } })).oauth_client_id).toBe("our-client");
  const again = await app.request(`/api/mcp/servers/${other.id}/authorize`, { method: "POST", user: owner, json: {} });
  const { authorize_url: there } = (await again.json()) as { authorize_url: string };
  const home = (await fetch(there, { redirect: "manual" })).headers.get("location") ?? "";
  const headers = { cookie: again.headers.get("set-cookie")?.split(";")[0] ?? "" };
  expect((await app.request(new URL(home).pathname + new URL(home).search, { headers })).headers.get("location")).toMatch(/sign_in=done/);
  expect(await api.test({ params, body: {} })).toMatchObject({ auth: "authorized", problem: null });
  expect(app.logs()).not.toContain("our-client-secret");
  expect((await api.update({ params, body: { oauth_client: null } })).auth).toBe("none");
});

test("an invalid tool is skipped and reported, and concurrent calls share one connection", async () => {
  const schema = { type: "object", properties: { constructor: { type: "string" } }, required: ["constructor"] };
  await using fake = await startMcpServer({
    tools: [
      { name: "echo", inputSchema: { type: "object", properties: {} } },
      { name: "broken", inputSchema: { type: "array" } },
      { name: "look", inputSchema: schema },
      "no tool at all",
    ],
  });
  const echo = (n: number) => call("mcp__fake__echo", { n });
  await using world = await chatWorld({
    script: [turn(echo(1), echo(2), echo(3), echo(4), echo(5)), turn(call("mcp__fake__look", {})), say("Done.")],
    env: { OUTBOUND_ALLOW_HOSTS: fake.host },
    configure: quick,
  });
  const api = world.app.as(world.owner).mcp;
  const { id } = await api.create({ body: { name: "fake", transport: "http", url: fake.url, trusts_read_only: true } });
  const tested = await api.test({ params: { id }, body: {} });
  expect(tested.tools.map(({ name }) => name)).toEqual(["echo", "look"]);
  expect(tested.problem).toMatch(/^Skipped invalid tools: broken, \(unnamed\)\.$/);
  await world.app.studio.database.pool.query(
    "update mcp_servers set tools = (select jsonb_agg(tool || '{\"is_read_only\": true}') from jsonb_array_elements(tools) tool)",
  );
  const before = fake.calls.filter(({ method }) => method === "initialize").length;
  const events = await world.run("Use it");
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
  expect(results(events).map(({ success }) => success)).toEqual([true, true, true, true, true, false]);
  expect(results(events).at(-1)?.error).toContain("do not fit mcp__fake__look");
  expect(fake.calls.filter(({ method }) => method === "initialize").length - before).toBe(1);
});
