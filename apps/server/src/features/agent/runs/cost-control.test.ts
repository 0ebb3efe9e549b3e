import { call, fail, say, script, startModelServer, turn, usage, when } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { all, chatWorld, collect, find } from "../../../testing/chat.ts";

test("a run stops at its cap, keeps its work, and is recorded by purpose and model", async () => {
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [
      // 20 000 in and 1 000 out of gpt-5.1 are 3.5 cents.
      turn(call("write_file", { file_path: "a.txt", content: "a" }), usage({ input: 20_000, output: 1_000 })),
      turn(call("write_file", { file_path: "b.txt", content: "b" }), usage({ input: 20_000, output: 1_000 })),
      say("Both are written."),
    ],
  });
  const events = await world.run("Write two files", { max_cost_cents: 5 });
  const complete = find(events, "complete")!.data;
  expect(complete).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
  expect(complete.final_response).toContain("Paused at the limit of $0.05");
  expect(complete.resource_stats).toMatchObject({
    cost_limit_cents: 5,
    cost_cents: 7,
    tokens_in: 40_000,
    context_used: 21_000,
    context_window: 272_000,
  });
  // The second call had a limit on its output, so that the cap holds while it streams.
  const limits = world.model.requests
    .filter((request) => request.method === "POST")
    .map((request) => (request.body as { max_completion_tokens?: number }).max_completion_tokens);
  expect(limits[0]).toBeLessThan(5_000);
  expect(limits[1]).toBeLessThan(limits[0]!);
  expect(await world.read("a.txt")).toBe("a");
  expect(find(events, "credits_used")!.data).toMatchObject({ purpose: "turn", model: "openai/gpt-5.1", context_window: 272_000 });
  const { items } = await world.app.as(world.owner).billing.usage({ query: {} });
  expect(items.map((item) => [item.model, item.purpose])).toEqual([
    ["openai/gpt-5.1", "turn"],
    ["openai/gpt-5.1", "turn"],
  ]);

  // Continuing resumes the same answer to the same message with a fresh cap.
  const client = world.app.as(world.owner);
  const { chat_id, message_id } = find(events, "task_started")!.data;
  // The run may have a higher edit mode than a key, so only keys that allow everything may resume it.
  const withKey = async (edit_mode: "ask" | "allow") =>
    world.app.as({
      ...world.owner,
      token: (await client.auth.createApiKey({ body: { name: edit_mode, scopes: ["run"], edit_mode } })).key,
    });
  const paused = { body: { task_id: events[0]!.task_id } };
  await expect((await withKey("ask")).chat.resume(paused)).rejects.toMatchObject({ status: 403, code: "session_required" });
  const { task_id } = await (await withKey("allow")).chat.resume(paused);
  const more = await all(client.chat.runEvents({ params: { task_id } }));
  expect(find(more, "task_started")!.data).toMatchObject({ chat_id, message_id, goes_on_after: 2 });
  const end = find(more, "complete")!.data;
  expect(end).toMatchObject({ success: true, final_response: "Both are written.", iterations: 3, tool_calls_made: 2 });
  expect(end.resource_stats!.cost_cents).toBeGreaterThan(7);
  expect(end.resource_stats!.cost_limit_cents).toBe(12);
  expect(end.resource_stats!.tokens_in).toBeGreaterThan(40_000);
  expect(end.resource_stats!.duration_ms).toBeGreaterThanOrEqual(complete.resource_stats!.duration_ms);
  expect(find(more, "complete")!.data.changes).toMatchObject({ files: 2 });
  const { messages } = await client.chat.get({ params: { chat_id } });
  expect(messages.map((message) => message.content)).toEqual(["Write two files", "Both are written."]);
  expect(messages[1]!.message_metadata).toMatchObject({
    completion_reason: "no_more_actions",
    goes_on_after: 2,
    steps: [{ iteration: 1 }, { iteration: 2 }],
  });
  const sentMessages = world.model.requests.at(-1)!.request!.messages;
  expect(sentMessages.filter((message) => message.role === "user" && /Write two files/.test(message.text))).toHaveLength(1);
  expect(sentMessages.at(-1)!.text).toMatch(/paused at a limit/);
  expect(sentMessages.filter((message) => message.role === "tool")).toHaveLength(2);
  await expect(client.chat.resume({ body: { task_id } })).rejects.toMatchObject({ code: "not_resumable" });
  // The step limit works the same way: a resume grants as many steps again.
  world.model.setScript(
    script([
      when(/Two more files/, [
        call("write_file", { file_path: "c.txt", content: "c" }),
        call("write_file", { file_path: "d.txt", content: "d" }),
        say("Two more."),
      ]),
    ]),
  );
  let run = await world.run("Two more files", { max_iterations: 1 });
  for (const _ of [1, 2]) {
    expect(find(run, "complete")!.data).toMatchObject({ completion_reason: "max_iterations", success: false });
    const next = await client.chat.resume({ body: { task_id: run[0]!.task_id } });
    run = await all(client.chat.runEvents({ params: { task_id: next.task_id } }));
  }
  expect(find(run, "complete")!.data).toMatchObject({ success: true, final_response: "Two more.", iterations: 3 });
});

test("a run continues in its own edit mode, or in the one that is asked for", async () => {
  const write = (name: string) => call("write_file", { file_path: name, content: name });
  await using world = await chatWorld({ script: [write("a.txt"), write("b.txt"), write("c.txt"), say("All written.")] });
  const client = world.app.as(world.owner);
  const [first] = await world.run("Write three files", { max_iterations: 1, edit_mode: "allow" });
  const same = await client.chat.resume({ body: { task_id: first!.task_id } });
  const second = await all(client.chat.runEvents({ params: { task_id: same.task_id } }));
  expect(find(second, "approval_required")).toBeUndefined();
  expect(await world.read("b.txt")).toBe("b.txt");

  const asking = await client.chat.resume({ body: { task_id: same.task_id, edit_mode: "ask" } });
  const stream = collect(client.chat.runEvents({ params: { task_id: asking.task_id } }));
  const { approval_id } = (await stream.until("approval_required")).data;
  expect(find(stream.seen, "task_started")!.data).toMatchObject({ edit_mode: "ask" });
  await client.chat.approval({ body: { approval_id, response: "deny" } });
  await stream.ended;
});

test("calls with the user's own key are not charged, and pause at the user's limits at list prices", async () => {
  const dear = usage({ input: 20_000, output: 1_000 });
  await using mine = await startModelServer({
    apiKey: "sk-mine-0123456789",
    models: ["gpt-5.1"],
    script: script([
      turn(call("write_file", { file_path: "a.txt", content: "a" }), dear),
      turn(call("write_file", { file_path: "b.txt", content: "b" }), dear),
      say("never sent"),
    ]),
  });
  await using world = await chatWorld({
    env: {
      DEFAULT_MODELS: "openai/gpt-5.1",
      OUTBOUND_ALLOW_HOSTS: new URL(mine.openai_base_url).host,
      // The server's own caps protect the operator.
      AGENT_MAX_COST_PER_RUN: "0.01",
      AGENT_MAX_COST_PER_DAY: "0.01",
    },
  });
  const client = world.app.as(world.owner);
  await client.modelKeys.create({ body: { provider: "openai", api_key: "sk-mine-0123456789", base_url: mine.openai_base_url } });
  await client.models.setPreferences({ body: { max_cost_cents: 5 } });
  expect(await client.chat.estimate({ body: { project_id: world.project.id, message: "Go" } })).toMatchObject({
    is_byok: true,
    likely_cost_cents: 0,
    cost_limit_cents: 5,
    own_key_cents: expect.any(Number),
  });
  const first = find(await world.run("Go"), "complete")!.data;
  expect(first).toMatchObject({
    completion_reason: "resource_limit_exceeded",
    resource_stats: { cost_cents: 0, own_key_cents: 7, cost_limit_cents: 5 },
  });
  expect(first.final_response).toMatch(/your limit of \$0\.05 per run \(own key, at list prices\)/);
  // The daily cap includes what earlier runs used.
  await client.models.setPreferences({ body: { max_cost_cents: null, own_key_day_cents: 7 } });
  const second = find(await world.run("Again"), "complete")!.data;
  expect(second).toMatchObject({ completion_reason: "resource_limit_exceeded", iterations: 1 });
  expect(second.final_response).toMatch(/your limit of \$0\.07 per day/);
  expect((await client.billing.usage({ query: {} })).summary.total_cost_cents).toBe(0);
  const post = (json: object) => world.app.request("/api/models/preferences", { method: "PATCH", user: world.owner, json });
  expect((await post({ own_key_day_cents: 0 })).status).toBe(422);
});

test("a project's own fallback answers when its model is overloaded, and the usage names the model that answered", async () => {
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [fail(429, { times: 1 }), say("Hello from the other one.")],
  });
  const client = world.app.as(world.owner);
  await client.projects.update({
    params: { id: world.project.id },
    body: { settings: { fallback_models: ["openai/gpt-5-mini", "not a model"] } },
  });
  const events = await world.run("Hello");
  expect(find(events, "notice")!.data).toMatchObject({
    level: "warning",
    message: expect.stringMatching(/limiting requests.*Switched from openai\/gpt-5\.1 to openai\/gpt-5-mini/),
  });
  expect(find(events, "complete")!.data).toMatchObject({ success: true, final_response: "Hello from the other one." });
  // The notice of the switch is there after a reload.
  const [, answer] = (await client.chat.history({ params: { project_id: world.project.id } })).items;
  expect(answer?.message_metadata?.["notices"]).toEqual([{ ...find(events, "notice")!.data, iteration: 1, at: expect.any(String) }]);
  expect((await client.billing.usage({ query: {} })).items.map((item) => item.model)).toEqual(["openai/gpt-5-mini"]);
  expect(find(events, "task_started")!.data.model).toBe("openai/gpt-5.1");
});
