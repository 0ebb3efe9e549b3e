import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, load, nextMessage, parallel, pause, say, think, turn, usage } from "@tesslate/testkit";
import { all, chatWorld, eventually, find, orderOf, plantedKey, collect, textOf } from "../../../testing/chat.ts";

test("a run emits all events in the documented order, and every event is numbered", async () => {
  await using world = await chatWorld({
    script: [
      turn(
        think("A page is wanted."),
        say("I'll add the page."),
        call("write_file", { file_path: "src/About.tsx", content: "hello\n" }),
        usage({ input: 1000, output: 50, cached: 400 }),
      ),
      turn(say("Added src/About.tsx."), usage({ input: 1100, output: 10 })),
    ],
  });
  const events = await world.run("Add an about page");
  expect(orderOf(events)).toEqual([
    "task_started", "reasoning_chunk", "text_chunk", "credits_used", "tool_started", "file_changed", "agent_step", "text_chunk", "credits_used", "complete", "done",
  ]); // prettier-ignore
  expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));
  expect(new Set(events.map((e) => e.task_id)).size).toBe(1);
  expect(textOf(events)).toBe("I'll add the page.Added src/About.tsx.");
  expect(find(events, "task_started")?.data).toMatchObject({ model: "openai/scripted" });
  expect(find(events, "file_changed")?.data).toMatchObject({
    path: "src/About.tsx",
    op: "add",
    by: "agent",
    size: 6,
    etag: expect.any(String),
  });
  expect(find(events, "agent_step")?.data).toMatchObject({
    iteration: 1,
    thought: "A page is wanted.",
    response_text: "I'll add the page.",
    is_complete: false,
    tool_calls: [{ name: "write_file", parameters: { file_path: "src/About.tsx", content: "hello\n" } }],
    tool_results: [{ success: true, tool: "write_file", result: { success: true, file_path: "src/About.tsx" } }],
  });
  expect(find(events, "credits_used")?.data).toMatchObject({
    cost_total_cents: 0.115,
    credits_deducted: 0,
    is_byok: false,
    tokens_in: 1000,
    tokens_out: 50,
  });
  expect(find(events, "complete")?.data).toMatchObject({
    success: true,
    iterations: 2,
    tool_calls_made: 1,
    final_response: "Added src/About.tsx.",
    completion_reason: "no_more_actions",
    resource_stats: { tokens_in: 2100, tokens_out: 60, iterations: 2, iteration_limit: 200, cost_limit_cents: 500 },
  });
  expect(events.at(-1)?.data).toEqual({});
  expect(await world.read("src/About.tsx")).toBe("hello\n");
});

describe("streams", () => {
  test("consist of `data:` lines with ids, replay the same events from any point, and answer 204 after the last", async () => {
    await using world = await chatWorld({ script: [say("One."), call("write_file", { file_path: "a.txt", content: "a" }), say("Two.")] });
    const response = await world.app.request("/api/chat/stream", {
      method: "POST",
      user: world.owner,
      json: { project_id: world.project.slug, message: "Go", edit_mode: "allow" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const text = await response.text();
    const blocks = text.split("\n\n").filter(Boolean);
    const live = blocks.map((b) => JSON.parse(/^id: \d+\ndata: (\{.*\})$/.exec(b)?.[1] ?? "null") as { seq: number; task_id: string });
    const taskId = live[0]?.task_id ?? "";

    const replay = await (await world.app.request(`/api/chat/agent/events/${taskId}`, { user: world.owner })).text();
    expect(replay.split("\n\n").filter(Boolean)).toEqual(blocks);
    expect(blocks).toEqual(live.map((e) => `id: ${e.seq}\ndata: ${JSON.stringify(e)}`));
    const returning = await world.app.request(`/api/chat/agent/events/${taskId}`, {
      user: world.owner,
      headers: { "last-event-id": String(live.length) },
    });
    expect([returning.status, await returning.text()]).toEqual([204, ""]);
    const client = world.app.as(world.owner).chat;
    expect(await all(client.runEvents({ params: { task_id: taskId }, query: { last_event_id: 3 } }))).toEqual(live.slice(3));
    expect(await all(client.runEvents({ params: { task_id: taskId } }, { headers: { "last-event-id": "5" } }))).toEqual(live.slice(5));
    for (const nonsense of ["", "abc", "-1", "1.5", "NaN"])
      expect(await all(client.runEvents({ params: { task_id: taskId } }, { headers: { "last-event-id": nonsense } }))).toEqual(live);
    for (const last_event_id of [live.length, Number.MAX_SAFE_INTEGER])
      expect(await all(client.runEvents({ params: { task_id: taskId }, query: { last_event_id } }))).toEqual([]);
    await expect(all(client.runEvents({ params: { task_id: randomUUID() } }))).rejects.toMatchObject({ status: 404 });
  });

  test("a client that disconnects misses nothing: the run continues, and reconnecting returns the remaining events", async () => {
    await using world = await chatWorld({
      model: { tokenDelayMs: 5 },
      script: [
        say("Working on it now, one moment please."),
        call("write_file", { file_path: "a.txt", content: "a" }),
        say("All of it is done and written down."),
      ],
    });
    const abort = new AbortController();
    const first: RunEvent[] = [];
    const client = world.app.as(world.owner).chat;
    const stream = client.stream({ body: { project_id: world.project.id, message: "Go", edit_mode: "allow" } }, { signal: abort.signal });
    await (async () => {
      for await (const event of stream) {
        first.push(event);
        if (event.type === "text_chunk") abort.abort();
      }
    })().catch(() => undefined);
    const taskId = first[0]?.task_id ?? "";
    expect((await client.active({ query: { project_id: world.project.id } })).active).toMatchObject({ task_id: taskId, message: "Go" });
    const rest = await all(client.runEvents({ params: { task_id: taskId }, query: { last_event_id: first.at(-1)?.seq } }));
    const allEvents = await all(client.runEvents({ params: { task_id: taskId } }));
    expect([...first, ...rest]).toEqual(allEvents);
    expect(allEvents.map((e) => e.seq)).toEqual(allEvents.map((_, i) => i + 1));
    expect(find(allEvents, "complete")?.data).toMatchObject({ success: true, final_response: "All of it is done and written down." });
    expect(await world.read("a.txt")).toBe("a");
    expect((await client.active({ query: { project_id: world.project.id } })).active).toBeNull();
  });

  test("two readers of one run see the same events", async () => {
    await using world = await chatWorld({ model: { tokenDelayMs: 3 }, script: [say("One two three four five six seven eight nine ten.")] });
    const one = collect(world.send("Count"));
    const { task_id } = await one.until("task_started");
    const two = await all(world.app.as(world.owner).chat.runEvents({ params: { task_id } }));
    expect(await one.ended).toEqual(two);
  });

  test("fast models do not produce an event per token", async () => {
    await using world = await chatWorld({ script: [load({ tokensPerSecond: 2000, tokens: 1000 })] });
    const events = await world.run("Talk");
    const chunks = events.filter((e) => e.type === "text_chunk");
    expect(textOf(events)).toBe(find(events, "complete")?.data.final_response);
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.length).toBeLessThan(60);
  });
});

describe("refusals happen before anything is stored", () => {
  const counts = async (world: Awaited<ReturnType<typeof chatWorld>>) =>
    (
      await world.app.studio.database.pool.query(
        `select (select count(*)::int from messages join chats on chats.id = chat_id where chats.project_id = $1) m, (select count(*)::int from tasks where project_id = $1) t,
          (select count(*)::int from events where project_id = $1) e, (select coalesce(sum(usage_count), 0)::int from agents) u`,
        [world.project.id],
      )
    ).rows[0];

  test("bad bodies get 422, unknown and foreign ids get 404", async () => {
    await using world = await chatWorld({ script: [say("Hi")] });
    const otherUser = await world.app.signUp();
    const own = world.app.as(world.owner).chat;
    const chat = await own.createSession({ body: { project_id: world.project.id } });
    const foreign = await world.app.as(otherUser).chat.sessions({});
    expect(foreign.total).toBe(0);
    const before = await counts(world);
    const send = (body: object) =>
      world.app.request("/api/chat/stream", {
        method: "POST",
        user: world.owner,
        json: { project_id: world.project.id, message: "Hi", ...body },
      });
    const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
    for (const body of [
      { message: "" },
      { message: "  \n " },
      { message: "x".repeat(10_001) },
      { edit_mode: "yolo" },
      { max_iterations: 0 },
      { chat_id: "no" },
      { view_context: "moon" },
    ])
      expect((await send(body)).status).toBe(422);
    for (const body of [
      { project_id: randomUUID() },
      { project_id: "nowhere" },
      { chat_id: randomUUID() },
      { container_id: randomUUID() },
      { agent_id: "unknown" },
      { agent_id: randomUUID() },
    ])
      expect(await codeOf(await send(body))).toEqual([404, "not_found"]);
    expect(await codeOf(await send({ model: "unknown/model" }))).toEqual([400, "unknown_model"]);
    expect(await codeOf(await send({ model: "groq/llama" }))).toEqual([503, "model_not_configured"]);
    expect(
      (await world.app.request("/api/chat/stream", { method: "POST", json: { project_id: world.project.id, message: "Hi" } })).status,
    ).toBe(401);
    expect(
      await codeOf(
        await world.app.request("/api/chat/stream", {
          method: "POST",
          user: otherUser,
          json: { project_id: world.project.id, message: "Hi", chat_id: chat.id },
        }),
      ),
    ).toEqual([404, "not_found"]);
    expect(await counts(world)).toEqual(before);
    expect((await own.get({ params: { chat_id: chat.id } })).messages).toEqual([]);
  });

  test("without a model: 503 that says where to connect one", async () => {
    await using world = await chatWorld({ hasModel: false });
    await expect(world.run("Hi")).rejects.toMatchObject({
      status: 503,
      code: "model_not_configured",
      message: expect.stringContaining("OPENAI_API_KEY"),
    });
    expect(await counts(world)).toMatchObject({ m: 0, t: 0 });
    expect((await world.app.as(world.owner).chat.sessions({})).total).toBe(0);
  });

  test("another user's priced agent is 403, a switched-off one 404, one without instructions 400; official agents run", async () => {
    await using world = await chatWorld({ script: [say("Hi")] });
    const { pool } = world.app.studio.database;
    const other = await world.app.signUp();
    const make = async (slug: string, change: string) =>
      pool
        .query(`insert into agents (slug, name, description, system_prompt) values ($1, $1, 'x', 'You are kind.')`, [slug])
        .then(() => pool.query(`update agents set ${change} where slug = $1`, [slug]));
    await make("priced", "pricing_type = 'one_time', price_cents = 500");
    await make("off", "is_active = false");
    await make("empty", "system_prompt = ' '");
    await make("odd", "agent_type = 'Robot'");
    await make("private", `forked_by_user_id = '${other.id}', is_published = false`);
    const { u } = await counts(world);
    await expect(world.run("Hi", { agent_id: "priced" })).rejects.toMatchObject({ status: 403, code: "agent_not_owned" });
    await expect(world.run("Hi", { agent_id: "off" })).rejects.toMatchObject({ status: 404 });
    await expect(world.run("Hi", { agent_id: "private" })).rejects.toMatchObject({ status: 404 });
    for (const agent_id of ["empty", "odd"])
      await expect(world.run("Hi", { agent_id })).rejects.toMatchObject({ status: 400, code: "agent_not_runnable" });
    expect(await counts(world)).toMatchObject({ m: 0, t: 0, u });
    await pool.query("insert into user_purchased_agents (user_id, agent_id) select $1, id from agents where slug = 'priced'", [
      world.owner.id,
    ]);
    expect(find(await world.run("Hi", { agent_id: "priced" }), "complete")?.data.success).toBe(true);
    expect(
      find(
        await world.run("Hi", {
          agent_id: "react-component-builder",
          chat_id: (await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } })).id,
        }),
        "complete",
      )?.data.success,
    ).toBe(true);
    expect(await counts(world)).toMatchObject({ u: u + 2 });
    // Seeding again changes no counts and adds no duplicates.
    const { rows } = await pool.query(
      "select count(*)::int n from user_purchased_agents p join agents a on a.id = p.agent_id where a.slug = 'tesslate-agent' and p.user_id = $1",
      [world.owner.id],
    );
    expect(rows[0]).toEqual({ n: 1 });
  });

  test("a second run in a busy chat gets 409 that names the first; another chat of the project runs beside it", async () => {
    await using world = await chatWorld({ script: [turn(say("Wait "), pause(700), say("done."))] });
    const first = collect(world.send("Go"));
    const { task_id, data } = await first.until("task_started");
    const before = await counts(world);
    await expect(world.run("Again", { chat_id: data.chat_id })).rejects.toMatchObject({
      status: 409,
      code: "chat_busy",
      details: { task_id },
    });
    await expect(world.run("Again")).rejects.toMatchObject({ code: "chat_busy" });
    expect(await counts(world)).toMatchObject({ m: before.m, t: before.t });
    const other = await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } });
    const second = await world.run("Go too", { chat_id: other.id });
    expect(find(second, "complete")?.data.success).toBe(true);
    await first.ended;
    // Right after `done` the next message is accepted.
    expect(find(await world.run("And now?", { chat_id: data.chat_id }), "error")?.data.code).toBe("model_error");
  });

  test("ten concurrent messages to a new project: one run, one chat, nine refusals", async () => {
    await using world = await chatWorld({ script: [turn(say("Wait "), pause(500), say("done."))] });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => world.run("Go")));
    expect(outcomes.filter((o) => o.status === "fulfilled")).toHaveLength(1);
    for (const o of outcomes) if (o.status === "rejected") expect(o.reason).toMatchObject({ code: "chat_busy" });
    expect(await counts(world)).toMatchObject({ m: 2, t: 1 });
    expect((await world.app.as(world.owner).chat.sessions({})).total).toBe(1);
  });
});

describe("chats and history", () => {
  test("the first message creates a titled chat; history after a reload has the same steps as the stream", async () => {
    await using world = await chatWorld({
      script: [
        say("Writing."),
        call("write_file", { file_path: "a.txt", content: "a" }),
        say("Done."),
        nextMessage(),
        say("You are welcome."),
      ],
    });
    const events = await world.run("  Build a to-do app\nwith colours ");
    await world.run("Thanks");
    const client = world.app.as(world.owner).chat;
    const { items } = await client.sessions({ query: { project_id: world.project.slug } });
    expect(items).toMatchObject([
      { title: "Build a to-do app", status: "completed", origin: "browser", message_count: 4, project_id: world.project.id },
    ]);
    const history = await client.history({ params: { project_id: world.project.slug } });
    expect(history.items.map((m) => [m.role, m.content])).toEqual([
      ["user", "Build a to-do app\nwith colours"],
      ["assistant", "Done."],
      ["user", "Thanks"],
      ["assistant", "You are welcome."],
    ]);
    const metadata = history.items[1]?.message_metadata as { steps: Record<string, unknown>[] } & Record<string, unknown>;
    expect(metadata).toMatchObject({
      agent_mode: true, agent_type: "TesslateAgent", completion_reason: "no_more_actions", iterations: 2, tool_calls_made: 1, steps_table: true, edit_mode: "allow",
      model: "openai/scripted", task_id: events[0]?.task_id, usage: { credits: 0 },
    }); // prettier-ignore
    const { tool_calls, tool_results, ...step } = find(events, "agent_step")!.data;
    expect(metadata.steps).toEqual([{ ...step, tool_calls: tool_calls.map((call, i) => ({ ...call, result: tool_results[i] })) }]);
    const chat = await client.get({ params: { chat_id: items[0]!.id } });
    expect(chat.messages).toEqual(history.items);
    expect(chat).toMatchObject({ active_task: null, pending_approval: null, user_id: world.owner.id });
    const newest = await client.history({ params: { project_id: world.project.id }, query: { order: "desc", limit: 2 } });
    expect([newest.items.map((m) => m.content), newest.total, newest.total_pages]).toEqual([["You are welcome.", "Thanks"], 4, 2]);
  });

  test("the model gets the conversation with the tools of earlier runs, and a context block about the project", async () => {
    await using world = await chatWorld({
      script: [
        say("Writing."),
        call("write_file", { file_path: "TESSLATE.md", content: "Use tabs." }),
        say("The final answer."),
        nextMessage(),
        say("Yes."),
      ],
    });
    await world.run("First");
    await world.run("Second");
    const request = world.model.requests.filter((r) => r.request).at(-1)?.request;
    const prompt = JSON.stringify(request?.messages);
    for (const piece of ["First", "Writing.", "Created TESSLATE.md", "The final answer.", "[CONTEXT]", "Use tabs.", "TESSLATE.md", "/app"])
      expect(prompt).toContain(piece);
    expect(request?.messages.at(-1)?.text).toMatch(/Second$/);
    expect(request?.system).toContain("# Mode: allow");
    expect(request?.system).not.toMatch(/\{(mode|project_name|project_path|mode_instructions)\}/);
  });

  test("chats can be created, renamed, archived, listed and deleted, including the last one", async () => {
    await using world = await chatWorld({ script: [say("Hi")] });
    const client = world.app.as(world.owner).chat;
    const one = await client.createSession({ body: { project_id: world.project.id, title: "  One " } });
    expect(one).toMatchObject({ title: "One", status: "active", messages: [], message_count: 0, active_task: null });
    const two = await client.createSession({ body: { project_id: world.project.slug } });
    expect(two.title).toBeNull();
    expect(await client.update({ params: { chat_id: one.id }, body: { title: "Uno", status: "archived" } })).toMatchObject({
      title: "Uno",
      status: "archived",
    });
    expect((await client.sessions({})).items.map((c) => c.id)).toEqual([one.id, two.id]);
    await client.update({ params: { chat_id: one.id }, body: { status: "active" } });
    await client.remove({ params: { chat_id: two.id } });
    await expect(client.get({ params: { chat_id: two.id } })).rejects.toMatchObject({ status: 404 });
    await client.remove({ params: { chat_id: one.id } });
    expect((await client.sessions({})).total).toBe(0);
    expect(await client.history({ params: { project_id: world.project.id } })).toMatchObject({ items: [], total: 0 });
    // The next message creates a new one.
    await world.run("Another chat");
    expect((await client.sessions({})).total).toBe(1);
  });

  test("the history of a project covers all its chats by time, or one chat", async () => {
    // Each chat is answered from the start of the script.
    await using world = await chatWorld({ script: [say("1"), say("2")] });
    const client = world.app.as(world.owner).chat;
    const params = { project_id: world.project.id };
    const [a, b] = [await client.createSession({ body: params }), await client.createSession({ body: params })];
    await world.run("First", { chat_id: a.id });
    await world.run("Second", { chat_id: b.id });
    await world.run("Third", { chat_id: a.id });
    const history = async (query: Parameters<typeof client.history>[0]["query"]) =>
      (await client.history({ params, query: { ...query } })).items.map((message) => message.content);
    expect(await history({})).toEqual(["First", "1", "Second", "1", "Third", "2"]);
    expect(await history({ order: "desc", limit: 2 })).toEqual(["2", "Third"]);
    expect(await history({ chat_id: a.id })).toEqual(["First", "1", "Third", "2"]);
    const otherUser = await world.app.signUp();
    await expect(world.app.as(otherUser).chat.history({ params })).rejects.toMatchObject({ status: 404 });
  });

  test("deleting a chat stops its run first", async () => {
    await using world = await chatWorld({ script: [call("run_command", { command: "sleep 60" })] });
    const client = world.app.as(world.owner).chat;
    const stream = collect(world.send("Go"));
    const { data, task_id } = await stream.until("tool_started").then(() => stream.until("task_started"));
    await client.createSession({ body: { project_id: world.project.id } });
    await client.remove({ params: { chat_id: data.chat_id } });
    expect(await eventually(async () => (await world.app.as(world.owner).tasks.get({ params: { task_id } })).status === "cancelled")).toBe(
      true,
    );
  });

  test("a chat names its active run, and an unfinished message is never shown as failed", async () => {
    await using world = await chatWorld({ script: [turn(say("Wait "), pause(600), say("done."))] });
    const stream = collect(world.send("Long work"));
    const { data, task_id } = await stream.until("task_started");
    const client = world.app.as(world.owner).chat;
    const chat = await client.get({ params: { chat_id: data.chat_id } });
    expect(chat.status).toBe("running");
    expect(chat.active_task).toMatchObject({ task_id, message: "Long work", started_at: expect.any(String) });
    expect(chat.messages[1]).toMatchObject({
      id: data.message_id,
      content: "",
      message_metadata: { completion_reason: "in_progress", task_id },
    });
    expect((await client.history({ params: { project_id: world.project.id } })).items[1]?.message_metadata?.["completion_reason"]).toBe(
      "in_progress",
    );
    await stream.ended;
    expect((await client.get({ params: { chat_id: data.chat_id } })).status).toBe("completed");
  });

  test("an answer whose run no longer exists is finished when it is read", async () => {
    await using world = await chatWorld();
    const client = world.app.as(world.owner).chat;
    const chat = await client.createSession({ body: { project_id: world.project.id } });
    await world.app.studio.database.pool.query(
      `insert into messages (chat_id, role, content, position, message_metadata) values ($1, 'assistant', '', 0, $2)`,
      [chat.id, { agent_mode: true, completion_reason: "in_progress", task_id: randomUUID() }],
    );
    const [message] = (await client.get({ params: { chat_id: chat.id } })).messages;
    expect(message).toMatchObject({ content: "This answer was not completed.", message_metadata: { completion_reason: "error" } });
  });
});

test("the to-do list is stored with the chat and its changes are emitted", async () => {
  await using world = await chatWorld({
    script: [
      call("todo_write", { todos: [{ content: "One", status: "in_progress" }] }),
      say("Noted."),
      nextMessage(),
      call("todo_read"),
      say("Read."),
    ],
  });
  const first = await world.run("Plan");
  expect(find(first, "todo_updated")?.data.todos).toMatchObject([{ content: "One", status: "in_progress", priority: "medium" }]);
  expect(JSON.stringify(find(await world.run("What is left?"), "agent_step")?.data.tool_results)).toContain('"content":"One"');
});

test("plan mode changes nothing, not even by shell", async () => {
  await using world = await chatWorld({
    script: [
      parallel(call("write_file", { file_path: "a.txt", content: "a" }), call("run_command", { command: "echo hi > b.txt; mkdir c; ls" })),
      say("I would write a.txt."),
    ],
  });
  await world.sandbox.files.write("keep.txt", "kept");
  const before = (await world.sandbox.files.walk()).map((e) => e.path);
  const events = await world.run("Do it", { edit_mode: "plan" });
  expect(orderOf(events)).not.toContain("file_changed");
  expect(find(events, "agent_step")?.data.tool_results[0]).toMatchObject({ success: false });
  expect((await world.sandbox.files.walk()).map((e) => e.path)).toEqual(before);
  expect(find(events, "complete")?.data.success).toBe(true);
});

test("a container limits the tools to its folder; the graph view has no shells", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "index.ts", content: "x" }), say("Done.")] });
  const { rows } = await world.app.studio.database.pool.query<{ id: string }>(
    "insert into containers (project_id, name, service_key, host_label, container_name, directory) values ($1, 'api', 'api', $2, 'api', 'apps/api') returning id",
    [world.project.id, `${world.project.slug}-api`],
  );
  await world.run("Write", { container_id: rows[0]!.id, view_context: "gRaPh" });
  expect(await world.read("apps/api/index.ts")).toBe("x");
  const tools = world.model.requests.find((r) => r.request)?.request?.tools ?? [];
  expect(tools).toContain("write_file");
  expect(tools.filter((t) => /^(bash|shell)/.test(t))).toEqual([]);
});

test("max_iterations is respected", async () => {
  await using world = await chatWorld({
    script: Array.from({ length: 5 }, (_, i) => call("write_file", { file_path: `f${i}.txt`, content: "x" })),
  });
  const events = await world.run("Go", { max_iterations: 2 });
  expect(find(events, "complete")?.data).toMatchObject({
    success: false,
    completion_reason: "max_iterations",
    iterations: 2,
    resource_stats: { iteration_limit: 2 },
  });
  expect(await world.read("f1.txt")).toBe("x");
  expect(await world.read("f2.txt")).toBeUndefined();
});

test("every model call stores a usage row with its exact cost, without a charge when billing is off", async () => {
  await using world = await chatWorld({
    model: { models: ["gpt-5.1"] },
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [
      turn(call("todo_read"), usage({ input: 1000, output: 100 })),
      turn(say("Done."), usage({ input: 2000, output: 50, cached: 1000 })),
    ],
  });
  const events = await world.run("Go");
  const { rows } = await world.app.studio.database.pool.query("select * from usage_logs order by created_at");
  expect(rows).toMatchObject([
    {
      model: "openai/gpt-5.1",
      tokens_input: 1000,
      tokens_output: 100,
      cost_total: "0.22500000",
      billed_status: "exempt",
      credits_deducted: 0,
      user_id: world.owner.id,
      project_id: world.project.id,
      task_id: events[0]?.task_id,
    },
    { tokens_input: 2000, tokens_cached: 1000, cost_total: "0.18750000" },
  ]);
  const charged = events.filter((e) => e.type === "credits_used");
  expect(charged.map((e) => e.data.usage_log_id)).toEqual(rows.map((r) => r.id));
  expect(find(events, "complete")?.data.resource_stats?.cost_cents).toBe(0.4125);
});

test("the key appears in no log, event, answer or table", async () => {
  await using world = await chatWorld({ script: [say("Hi")] });
  await world.run("Hello");
  const dump = await world.app.studio.database.pool.query(
    "select data::text from events union all select message_metadata::text from messages union all select input::text || metadata::text from tasks",
  );
  expect(JSON.stringify(dump.rows) + world.app.logs()).not.toContain(plantedKey);
});

test("a message to a project that is still being set up waits for it", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
  const { pool } = world.app.studio.database;
  await pool.query("update projects set environment_status = 'provisioning' where id = $1", [world.project.id]);
  const stream = collect(world.send("Go"));
  await stream.until("task_started");
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(stream.seen).toHaveLength(1);
  await pool.query("update projects set environment_status = 'stopped' where id = $1", [world.project.id]);
  expect(find(await stream.ended, "complete")?.data.success).toBe(true);
});

test("a project whose setup failed ends the stream with an error message", async () => {
  await using world = await chatWorld({ script: [say("Hi.")] });
  await world.app.studio.database.pool.query("update projects set environment_status = 'setup_failed' where id = $1", [world.project.id]);
  const events = await world.run("Go");
  expect(orderOf(events)).toEqual(["task_started", "error", "complete", "done"]);
  expect(find(events, "error")?.data).toMatchObject({
    code: "internal_error",
    message: expect.stringContaining("Setup of this project failed"),
  });
});

test("the demo answers by its script", async () => {
  const demoModel = fileURLToPath(new URL("../../../../../../packages/testkit/src/demo/server.ts", import.meta.url));
  await using world = await chatWorld({ hasModel: false, env: { DEMO: "true" }, swap: { demoModel } });
  const events = await world.run("What can you do?");
  expect(find(events, "task_started")?.data.model).toBe("demo/scripted");
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: expect.stringMatching(/./) });
  const { rows } = await world.app.studio.database.pool.query("select cost_total from usage_logs");
  expect(rows.every((r) => Number(r.cost_total) === 0)).toBe(true);
});

test("a file change by the agent is emitted once with its author; a change by its command is emitted by the file watcher", async () => {
  await using world = await chatWorld({
    script: [call("write_file", { file_path: "a.txt", content: "a" }), call("run_command", { command: "echo b > b.txt" }), say("Done.")],
  });
  const abort = new AbortController();
  const changes: { path: string; by?: string }[] = [];
  const following = (async () => {
    for await (const event of world.app.as(world.owner).projects.events({ params: { id: world.project.id } }, { signal: abort.signal }))
      if (event.type === "file_changed") changes.push({ path: event.data.path, by: event.data.by });
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await world.run("Go");
  await eventually(() => changes.some((c) => c.path === "b.txt"));
  await new Promise((resolve) => setTimeout(resolve, 500));
  abort.abort();
  await following;
  expect(changes).toEqual([
    { path: "a.txt", by: "agent" },
    { path: "b.txt", by: "process" },
  ]);
});
