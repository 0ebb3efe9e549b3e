import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { call, disconnect, fail, garbage, hang, load, nextMessage, say, turn } from "@tesslate/testkit";
import { chatWorld, eventually, find, orderOf, plantedKey, collect } from "../../../testing/chat.ts";

const referencesMetadata = async (world: Awaited<ReturnType<typeof chatWorld>>) => {
  const { items } = await world.app.as(world.owner).chat.history({ params: { project_id: world.project.id } });
  return items.at(-1)!;
};

describe("cancel", () => {
  test("during a long command: its process is killed with it, finished work stays", async () => {
    await using world = await chatWorld({
      script: [
        call("write_file", { file_path: "a.txt", content: "a" }),
        call("run_command", { command: "sleep 611.25 & sleep 611.25" }),
        say("Never."),
      ],
    });
    const stream = collect(world.send("Go"));
    await eventually(async () => (await processes()).includes("sleep 611.25"));
    const { task_id, data } = await stream.until("task_started");
    expect(await world.app.as(world.owner).chat.cancel({ body: { chat_id: data.chat_id } })).toEqual({
      status: "cancellation_requested",
      task_id,
    });
    const events = await stream.ended;
    await eventually(async () => !(await processes()).includes("sleep 611.25"));
    expect(find(events, "complete")?.data).toMatchObject({
      success: false,
      completion_reason: "cancelled",
      final_response: expect.stringMatching(/cancel/i),
    });
    expect(orderOf(events).slice(-2)).toEqual(["complete", "done"]);
    const message = await referencesMetadata(world);
    expect(message.message_metadata).toMatchObject({ completion_reason: "cancelled", steps: [{ iteration: 1 }, { iteration: 2 }] });
    const client = world.app.as(world.owner).chat;
    expect((await client.get({ params: { chat_id: data.chat_id } })).status).toBe("active");
    expect(await client.cancel({ body: { task_id } })).toEqual({ status: "not_running", task_id });
    expect(await client.cancel({ body: { chat_id: data.chat_id } })).toEqual({ status: "not_running", task_id: null });
    expect((await world.app.as(world.owner).tasks.get({ params: { task_id } })).status).toBe("cancelled");
  });

  test("before a worker takes the run: its stream names the run and ends", async () => {
    await using world = await chatWorld({ script: [say("Never sent.")] });
    // The trigger keeps every worker from taking it.
    await world.app.studio.database.pool.query(`
      create function keep_pending() returns trigger language plpgsql as 'begin return null; end';
      create trigger keep_pending before update on tasks for each row
        when (new.status = 'running' and new.project_id = '${world.project.id}') execute function keep_pending();`);
    const run = collect(world.send("Go"));
    const client = world.app.as(world.owner).chat;
    const { task_id } = await eventually(
      async () => (await client.active({ query: { project_id: world.project.id } })).active ?? undefined,
    );
    expect(await client.cancel({ body: { task_id } })).toEqual({ status: "cancellation_requested", task_id });
    const events = await run.ended;
    expect(orderOf(events)).toEqual(["task_started", "complete", "done"]);
    expect(find(events, "task_started")!.data).toMatchObject({
      model: "openai/scripted",
      message_id: (await referencesMetadata(world)).id,
    });
    expect(find(events, "complete")!.data).toMatchObject({ success: false, completion_reason: "cancelled", iterations: 0 });
  });

  test("does not wait for the checkpoint before the run", async () => {
    await using world = await chatWorld({ script: [say("Never sent.")] });
    const { history } = world.sandbox;
    const { promise: kept, resolve: keep } = Promise.withResolvers<void>();
    const take = history.capture.bind(history);
    let isKeeping = false;
    history.capture = async (...args) => {
      isKeeping = true;
      await kept;
      return take(...args);
    };
    try {
      const run = collect(world.send("Begin"));
      const { task_id } = await run.until("task_started");
      await eventually(() => isKeeping);
      await world.app.as(world.owner).chat.cancel({ body: { task_id } });
      expect(find(await run.ended, "complete")?.data).toMatchObject({ success: false, completion_reason: "cancelled" });
      expect(world.model.requests.filter((request) => request.method === "POST")).toEqual([]);
    } finally {
      keep();
    }
  });

  test("during the model's answer: the provider's connection closes", async () => {
    await using world = await chatWorld({ script: [load({ tokensPerSecond: 50 })] });
    const stream = collect(world.send("Talk"));
    await stream.until("text_chunk");
    await world.app.as(world.owner).chat.cancel({ body: { task_id: stream.seen[0]!.task_id } });
    const events = await stream.ended;
    expect(find(events, "complete")?.data.completion_reason).toBe("cancelled");
    expect(await world.model.requests.at(-1)!.ended).toBe("client_disconnected");
  });

  test("a new message right after it waits for the end instead of being refused", async () => {
    await using world = await chatWorld({ script: [call("run_command", { command: "sleep 60" }), say("Hi.")] });
    const stream = collect(world.send("Go"));
    const { task_id } = await stream.until("tool_started");
    await world.app.as(world.owner).chat.cancel({ body: { task_id } });
    expect(find(await world.run("Another"), "task_started")).toBeDefined();
  });

  test("deleting the project stops its run and ends its streams", async () => {
    await using world = await chatWorld({ script: [call("run_command", { command: "sleep 62.25" })] });
    const stream = collect(world.send("Go"));
    await eventually(async () => (await processes()).includes("sleep 62.25"));
    await world.app.as(world.owner).projects.remove({ params: { id: world.project.id } });
    await stream.ended;
    await eventually(async () => !(await processes()).includes("sleep 62.25"));
    const { task_id } = stream.seen[0]!;
    expect((await world.app.as(world.owner).tasks.get({ params: { task_id } })).status).toBe("cancelled");
    // A client that reconnects must learn that there is nothing to wait for.
    const following = () => world.app.request(`/api/chat/agent/events/${task_id}`, { user: world.owner });
    await eventually(async () => (await following()).status === 404);
  });

  test("needs a task id or a chat id, and both must match when given", async () => {
    await using world = await chatWorld({ script: [say("Hi.")] });
    const events = await world.run("Go");
    const client = world.app.as(world.owner).chat;
    const other = await client.createSession({ body: { project_id: world.project.id } });
    await expect(client.cancel({ body: {} })).rejects.toMatchObject({ status: 422 });
    await expect(client.cancel({ body: { task_id: events[0]!.task_id, chat_id: other.id } })).rejects.toMatchObject({ status: 400 });
    await expect(client.cancel({ body: { task_id: randomUUID() } })).rejects.toMatchObject({ status: 404 });
    await expect(client.cancel({ body: { chat_id: randomUUID() } })).rejects.toMatchObject({ status: 404 });
  });
});

describe("the model fails", () => {
  const outcomes: [string, Parameters<typeof chatWorld>[0], { code: string; message: RegExp }][] = [
    ["a permanent rate limit", { script: [fail(429, { retryAfter: 0, times: 9 })] }, { code: "rate_limited", message: /limit/i }],
    ["a broken provider", { script: [fail(500, { times: 9 })] }, { code: "model_error", message: /500/ }],
    [
      "a refused key",
      { script: [fail(401, { message: `Incorrect API key: ${plantedKey}` })] },
      { code: "model_auth_failed", message: /key/i },
    ],
    ["garbage", { script: [garbage("<html>", { times: 9 })] }, { code: "model_error", message: /./ }],
    [
      "a connection that fails repeatedly",
      { script: [disconnect({ afterTokens: 0, times: 9 }), say("one two")] },
      { code: "model_error", message: /./ },
    ],
    ["an empty answer", { script: [say("")] }, { code: "model_error", message: /empty response/ }],
  ];
  test.each(outcomes)("%s", async (_, options, expected) => {
    await using world = await chatWorld(options);
    const events = await world.run("Hi");
    expect(orderOf(events).slice(-3)).toEqual(["error", "complete", "done"]);
    const error = find(events, "error")!.data;
    expect(error.code).toBe(expected.code);
    expect(error.message).toMatch(expected.message);
    expect(find(events, "complete")?.data).toMatchObject({ success: false, completion_reason: "error", error: error.message });
    expect(JSON.stringify(events) + world.app.logs()).not.toContain(plantedKey);
    const message = await referencesMetadata(world);
    expect(message).toMatchObject({ message_metadata: { completion_reason: "error", error: error.message } });
    expect(message.content).not.toBe("");
    const task = await world.app.as(world.owner).tasks.get({ params: { task_id: events[0]!.task_id } });
    expect(task).toMatchObject({ status: "failed", error: error.message });
  });

  test("a temporary failure is retried", async () => {
    await using world = await chatWorld({ script: [fail(503), say("Hi.")] });
    const events = await world.run("Hi");
    expect(orderOf(events)).toEqual(["task_started", "model_retry", "model_retry", "text_chunk", "credits_used", "complete", "done"]);
  });

  test("between `complete` and `done` the next message is already accepted", async () => {
    await using world = await chatWorld({ script: [say("Hi."), nextMessage(), say("Again.")] });
    for await (const event of world.send("One")) if (event.type === "complete") break;
    expect(find(await world.run("Two"), "complete")?.data.final_response).toBe("Again.");
  });

  test("a provider that cannot be reached is reported", async () => {
    await using world = await chatWorld({ env: { OPENAI_BASE_URL: "http://127.0.0.1:9998/v1" } });
    expect(find(await world.run("Hi"), "error")?.data).toMatchObject({
      code: "model_error",
      message: expect.stringContaining("127.0.0.1:9998 could not be reached"),
    });
  });

  test("a run over the time limit is stopped", async () => {
    await using world = await chatWorld({ env: { AGENT_MAX_RUN_SECONDS: "1" }, script: [hang({ times: 9 }), say("x")] });
    expect(find(await world.run("Hi"), "complete")?.data).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
  });
});

/** Command lines of all processes of this machine. */
async function processes(): Promise<string> {
  const { readdir, readFile } = await import("node:fs/promises");
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")))).join("\n").replaceAll("\0", " ");
}

test("characters that the database cannot store do not fail a run: they are replaced in model text and tool results", async () => {
  const half = "\ud83d";
  await using world = await chatWorld({
    script: [
      turn(
        say(`One\0 two ${half}.`),
        call("write_file", { file_path: "odd.txt", content: `a\0b ${half} \\u0000` }),
        call("read_file", { file_path: `none ${half}` }),
      ),
      say(`Done\0 ${half}.`),
    ],
  });
  const events = await world.run("Do it and keep \\u0000");
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Done\ufffd \ufffd.", tool_calls_made: 2 });
  const { items } = await world.app.as(world.owner).chat.history({ params: { project_id: world.project.id } });
  expect(items.map((message) => message.content)).toEqual(["Do it and keep \\u0000", "Done\ufffd \ufffd."]);
  expect(items[1]?.message_metadata?.["steps"]).toMatchObject([
    {
      response_text: "One\ufffd two \ufffd.",
      tool_calls: [{ parameters: { content: "a\ufffdb \ufffd \\u0000" } }, { parameters: { file_path: "none \ufffd" } }],
    },
  ]);
});
